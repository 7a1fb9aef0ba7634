"""Agents: what stands at an address, and the cache that makes answering cheap."""

from collections.abc import Callable, Iterator

from simulator import answer, message, secured
from simulator.answer import Answer
from simulator.engine import Engine
from simulator.message import Request
from simulator.secured import Secured
from simulator.traffic import Moment
from simulator.view import View

LARGEST = 1472  # an Ethernet frame's worth of UDP; RFC 3417 asks for 484 at least
_MOST_KEPT_REQUESTS = 50_000
_MOST_KEPT_ANSWERS = 24  # of one agent: its polls and the pages of a walk


class Agent:
    """One SNMP agent: of v1 and v2c with a community, of v3 with an engine. `delay_s` passes before each answer; `loss` is the share of requests unanswered.

    A silent agent takes requests and says nothing. After a change of what the view shows other
    than through Moving cells, `forget` must be called.
    """

    __slots__ = ("_answers", "_draws", "_make", "_view", "community", "delay_s", "engine", "loss", "silent")

    def __init__(
        self,
        make: Callable[[], View],
        community: bytes | None,
        *,
        engine: Engine | None = None,
        delay_s: float = 0.0,
        loss: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._make = make
        self._view: View | None = None
        self.community = community
        self.engine = engine
        self.delay_s = delay_s
        self.loss = loss
        self.silent = False
        self._draws = _draws(seed)
        self._answers: dict[Request, Answer] = {}

    @property
    def view(self) -> View:
        """Made when first asked for: most of a large fleet is never walked."""
        if self._view is None:
            self._view = self._make()
        return self._view

    def loses(self) -> bool:
        return self.loss > 0 and next(self._draws) < self.loss

    def forget(self) -> None:
        self._answers.clear()

    def give(self, request: Request, identifier: bytes, at: Moment) -> bytes:
        kept = self._answers.get(request)
        given = kept.give(identifier, at) if kept else None
        return given if given is not None else self._prepare(request, identifier, at)

    def _prepare(self, request: Request, identifier: bytes, at: Moment) -> bytes:
        if len(self._answers) >= _MOST_KEPT_ANSWERS:
            del self._answers[next(iter(self._answers))]
        prepared = self._answers[request] = answer.prepare(request, self.view, at, request.largest or LARGEST)
        given = prepared.give(identifier, at)
        if given is None:
            raise AssertionError("a value changed between two reads at one moment")
        return given


def _draws(seed: int) -> Iterator[float]:
    """Numbers in [0, 1) for one agent: the same ones in every run, whatever other agents do."""
    state = seed * 2_654_435_761 + 1
    while True:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64  # Knuth's MMIX generator
        yield (state >> 11) / 2**53


def _nobody(_: bytes) -> None:
    """No agent, whatever the address."""


class Responder:
    """Finds the agent that a datagram is for.

    `find` takes the address asked (4 octets) and the community, `at_address` the address alone.
    """

    def __init__(
        self, find: Callable[[bytes, bytes], Agent | None], at_address: Callable[[bytes], Agent | None] = _nobody
    ) -> None:
        self._find = find
        self._at_address = at_address
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
        if agent is None or agent.silent or (agent.loss and agent.loses()):
            return None
        return agent.give(request, data[start:end], at), agent.delay_s

    def _respond_sealed(self, asked: Secured, address: bytes, at: Moment) -> tuple[bytes, float] | None:
        agent = self._at_address(address)
        if agent is None or agent.engine is None or agent.silent or (agent.loss and agent.loses()):
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
