"""Agents: what stands at an address, and the cache that makes answering cheap."""

from collections.abc import Callable

from simulator import answer, message, secured
from simulator.answer import Answer, Kept
from simulator.crowd import Crowd, calm
from simulator.engine import Engine
from simulator.message import Pdu, Request
from simulator.secured import Secured
from simulator.traffic import Moment
from simulator.view import View

LARGEST = 1472  # an Ethernet frame's worth of UDP; RFC 3417 asks for 484 at least
_MOST_KEPT_REQUESTS = 50_000
_MOST_KEPT_ANSWERS = 24  # of one agent: its polls and the pages of a walk
_ALONE = calm(1)


class Agent:
    """One SNMP agent: of v1 and v2c with a community, of v3 with an engine; the `number`th of its crowd.

    After a change of what the view shows other than through Moving cells, another agent must take its place.
    """

    __slots__ = ("_answers", "_crowd", "_make", "_view", "community", "engine", "number")

    def __init__(
        self,
        make: Callable[[], View],
        community: bytes | None,
        *,
        engine: Engine | None = None,
        crowd: Crowd = _ALONE,
        number: int = 0,
    ) -> None:
        self._make = make
        self._view: View | None = None
        self.community = community
        self.engine = engine
        self._crowd = crowd
        self.number = number
        self._answers: dict[Request, Answer] = {}

    @property
    def view(self) -> View:
        """Made when first asked for: most of a large fleet is never walked."""
        if self._view is None:
            self._view = self._make()
        return self._view

    @property
    def delay_s(self) -> float:
        """What passes before each of its answers."""
        return float(self._crowd.delay_s[self.number])

    @property
    def loss(self) -> float:
        """The share of requests that it leaves unanswered."""
        return float(self._crowd.loss[self.number])

    @property
    def silent(self) -> bool:
        """Whether it takes requests and says nothing."""
        return self._crowd.blind or bool(self._crowd.lost[self.number])

    def hears(self) -> bool:
        """Whether it answers this time."""
        return not self.silent and (not self.loss or self._crowd.answers(self.number))

    def give(self, request: Request, identifier: bytes, at: Moment) -> bytes:
        kept = self._answers.get(request)
        given = kept.give(identifier, at) if kept else None
        return given if given is not None else self._prepare(request, identifier, at)

    def kept(self, request: Request) -> Kept | None:
        """What was given to this request last, if it can be given again in columns."""
        answer = self._answers.get(request)
        return None if answer is None else answer.kept(request.id_octets)

    def _prepare(self, request: Request, identifier: bytes, at: Moment) -> bytes:
        if len(self._answers) >= _MOST_KEPT_ANSWERS:
            del self._answers[next(iter(self._answers))]
        prepared = self._answers[request] = answer.prepare(request, self.view, at, request.largest or LARGEST)
        given = prepared.give(identifier, at)
        if given is None:
            raise AssertionError("a value changed between two reads at one moment")
        return given


def _nobody(_: bytes) -> None:
    """No agent, whatever the address."""


def _not_kept(_: Agent, __: Request, ___: bytes, ____: int) -> None:
    """Every answer is given by its agent."""


class Responder:
    """Finds the agent that a datagram is for.

    `find` takes the address asked (4 octets) and the community, `at_address` the address alone.
    `keep` is told of each GET that was answered: the agent, the request, the datagram, where its request-id begins.
    """

    def __init__(
        self,
        find: Callable[[bytes, bytes], Agent | None],
        at_address: Callable[[bytes], Agent | None] = _nobody,
        keep: Callable[[Agent, Request, bytes, int], None] = _not_kept,
    ) -> None:
        self._find = find
        self._at_address = at_address
        self._keep_answer = keep
        self._requests: dict[bytes, Request] = {}
        self.malformed = 0

    def respond(self, data: bytes, address: bytes, at: Moment) -> tuple[bytes, float] | None:
        """The answer and after how many seconds to send it; None where there is only silence."""
        try:
            start, end = message.locate_id(data)
            key = data[:start] + data[end:]
            request = self._requests.get(key)
            if request is None:
                if secured.is_v3(data):
                    return self._respond_sealed(secured.parse(data), address, at)
                request = self._keep(key, message.parse(data))
        except (ValueError, IndexError):
            self.malformed += 1
            return None
        agent = self._find(address, request.community)
        if agent is None or not agent.hears():
            return None
        given = agent.give(request, data[start:end], at)
        if request.pdu is Pdu.GET:
            self._keep_answer(agent, request, data, start)
        return given, agent.delay_s

    def _respond_sealed(self, asked: Secured, address: bytes, at: Moment) -> tuple[bytes, float] | None:
        agent = self._at_address(address)
        if agent is None or agent.engine is None or not agent.hears():
            return None

        def answer(pdu: bytes, overhead: int) -> bytes:
            start, end = message.locate_pdu_id(pdu)
            largest = min(asked.largest, LARGEST) - overhead
            key = largest.to_bytes(2, "big") + pdu[:start] + pdu[end:]
            request = self._requests.get(key) or self._keep(key, message.parse_pdu(pdu, message.V3, largest=largest))
            return agent.give(request, pdu[start:end], at)

        sealed = agent.engine.respond(asked, at.now, answer)
        return None if sealed is None else (sealed, agent.delay_s)

    def _keep(self, key: bytes, request: Request) -> Request:
        if len(self._requests) >= _MOST_KEPT_REQUESTS:
            self._requests.clear()
        self._requests[key] = request
        return request
