"""An SNMPv3 engine with one user (RFC 3411, RFC 3414): one for each simulated address."""

from collections.abc import Callable
from enum import IntEnum

from simulator import ber, secured, usm
from simulator.ber import Oid
from simulator.message import Error, Pdu
from simulator.secured import AUTH, PRIV, REPORTABLE, Secured
from simulator.usm import User

_WINDOW_S = 150  # RFC 3414 section 2.2.3
_ENTERPRISE = 32473  # RFC 5612: for documentation
_BY_ADDRESS = 1  # RFC 3411, SnmpEngineID: an IPv4 address follows
_USM_STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1)


class Stat(IntEnum):
    """usmStats, by its last arc but the instance's."""

    UNSUPPORTED_SEC_LEVELS = 1
    NOT_IN_TIME_WINDOWS = 2
    UNKNOWN_USER_NAMES = 3
    UNKNOWN_ENGINE_IDS = 4
    WRONG_DIGESTS = 5
    DECRYPTION_ERRORS = 6


def engine_id(address: bytes) -> bytes:
    """The engine of the agent at this address (4 octets)."""
    return (0x80000000 | _ENTERPRISE).to_bytes(4, "big") + bytes((_BY_ADDRESS,)) + address


class Engine:
    """Checks what comes in and seals what goes out. `clock` gives boots and seconds since the last at a time."""

    __slots__ = ("_clock", "_keys", "_salt", "counted", "identifier", "user")

    def __init__(self, identifier: bytes, user: User, clock: Callable[[float], tuple[int, int]]) -> None:
        self.identifier = identifier
        self.user = user
        self.counted = dict.fromkeys(Stat, 0)
        self._clock = clock
        self._keys: usm.Keys | None = None
        self._salt = int.from_bytes(identifier[-4:], "big") << 32

    @property
    def keys(self) -> usm.Keys:
        """Localised when first needed."""
        if self._keys is None:
            self._keys = usm.keys_of(self.user, self.identifier)
        return self._keys

    def respond(self, asked: Secured, now: float, answer: Callable[[bytes, int], bytes]) -> bytes | None:
        """The sealed answer or report; `answer` makes a response of a PDU and the octets that the rest takes.

        None where the manager doesn't want a report. Raises ValueError as `answer` does.
        """
        refusal = self._refusal(asked, now)
        pdu = b""
        if refusal is None:
            try:
                _, _, pdu = secured.scoped(self._plain(asked))
            except ValueError:
                refusal = Stat.DECRYPTION_ERRORS
        if refusal is not None:
            return self._report(asked, refusal, now)
        if asked.flags & (AUTH | PRIV) != self._level():
            return self._seal(asked, asked.flags & (AUTH | PRIV), _unauthorised(pdu), now)
        return self._seal(asked, self._level(), answer(pdu, self._overhead()), now)

    def _refusal(self, asked: Secured, now: float) -> Stat | None:
        """The checks of RFC 3414 section 3.2, in its order."""
        if asked.engine != self.identifier:
            return Stat.UNKNOWN_ENGINE_IDS
        if asked.user != self.user.name:
            return Stat.UNKNOWN_USER_NAMES
        if asked.flags & (AUTH | PRIV) & ~self._level():
            return Stat.UNSUPPORTED_SEC_LEVELS
        return self._distrust(asked, now) if asked.flags & AUTH else None

    def _distrust(self, asked: Secured, now: float) -> Stat | None:
        if usm.sign(self.keys, asked.unsigned) != asked.signature:
            return Stat.WRONG_DIGESTS
        boots, seconds = self._clock(now)
        if asked.boots != boots or abs(asked.seconds - seconds) > _WINDOW_S:
            return Stat.NOT_IN_TIME_WINDOWS
        return None

    def _level(self) -> int:
        return (AUTH if self.user.auth_protocol else 0) | (PRIV if self.user.priv_protocol else 0)

    def _plain(self, asked: Secured) -> bytes:
        if not asked.flags & PRIV:
            return asked.data
        plain = usm.decrypt(self.keys, asked.boots, asked.seconds, asked.salt, asked.data)
        return ber.read(plain, 0, ber.SEQUENCE)[0]

    def _overhead(self) -> int:
        """Octets of a message outside its PDU, at most."""
        return 96 + 2 * len(self.identifier) + len(self.user.name)

    def _report(self, asked: Secured, stat: Stat, now: float) -> bytes | None:
        self.counted[stat] += 1
        if not asked.flags & REPORTABLE:
            return None
        oid: Oid = (*_USM_STATS, stat, 0)
        varbind = ber.tlv(ber.SEQUENCE, ber.object_id(oid) + ber.integer(self.counted[stat], ber.COUNTER32))
        body = ber.integer(_request_id(asked)) + ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, varbind)
        # Whoever is out of time must be able to trust the time that it is told.
        signed = AUTH if stat is Stat.NOT_IN_TIME_WINDOWS else 0
        return self._seal(asked, signed, ber.tlv(Pdu.REPORT, body), now)

    def _seal(self, asked: Secured, level: int, pdu: bytes, now: float) -> bytes:
        boots, seconds = self._clock(now)
        octets = self.keys.octets if level & AUTH else 0
        salt = self._next_salt() if level & PRIV else b""
        data = ber.tlv(ber.SEQUENCE, ber.tlv(ber.OCTETS, self.identifier) + ber.tlv(ber.OCTETS, b"") + pdu)
        if level & PRIV:
            data = ber.tlv(ber.OCTETS, usm.encrypt(self.keys, boots, seconds, salt, data))
        front = ber.tlv(ber.OCTETS, self.identifier) + ber.integer(boots) + ber.integer(seconds)
        front += ber.tlv(ber.OCTETS, asked.user)
        rear = ber.tlv(ber.OCTETS, salt)
        built = secured.build(asked, level, front + ber.tlv(ber.OCTETS, bytes(octets)) + rear, data)
        if not octets:
            return built
        end = len(built) - len(data) - len(rear)
        return built[: end - octets] + usm.sign(self.keys, built) + built[end:]

    def _next_salt(self) -> bytes:
        self._salt = (self._salt + 1) % 2**64
        return self._salt.to_bytes(8, "big")


def _request_id(asked: Secured) -> int:
    """The request-id of a plain PDU; 0 of one that can't be read (RFC 3412 section 7.1.3)."""
    if asked.flags & PRIV:
        return 0
    try:
        _, _, pdu = secured.scoped(asked.data)
        _, start, _ = ber.read_header(pdu, 0)
        return ber.read_integer(pdu, start)[0]
    except ValueError:
        return 0


def _unauthorised(pdu: bytes) -> bytes:
    """What VACM's refusal looks like: the request as a response with authorizationError."""
    _, start, _ = ber.read_header(pdu, 0)
    identifier, at = ber.read_integer(pdu, start)
    for _ in range(2):
        _, at = ber.read_integer(pdu, at)
    return ber.tlv(
        Pdu.RESPONSE, ber.integer(identifier) + ber.integer(Error.AUTHORIZATION_ERROR) + ber.integer(0) + pdu[at:]
    )
