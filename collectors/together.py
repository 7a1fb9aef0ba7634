"""Everything that is asked by volleys: polls of the known, recognition of the others."""

from collections.abc import Iterator, Mapping

from collectors.batch import BatchBuilder
from collectors.boots import Boots
from collectors.families import Devices
from collectors.newcomers import Newcomers
from collectors.profile import Profile
from collectors.volley.volley import Volley
from collectors.volleys import Settled, Turn, Volleys
from collectors.watch import Fleet


class Together:
    """Both over `fleet`; what isn't settled here comes back as turns."""

    def __init__(
        self,
        fleet: Fleet,
        volley: Volley,
        builder: BatchBuilder,
        boots: Boots,
        *,
        catalogue: Mapping[str, Profile],
        timeout_s: float,
    ) -> None:
        self._fleet = fleet
        self._to_strangers = Volley(timeout_s)  # sockets of its own: its templates are others
        self._volleys = Volleys(fleet, volley, builder, boots)
        self._newcomers = Newcomers(fleet, self._to_strangers, builder, boots, catalogue=catalogue)

    def close(self) -> None:
        """Give back the sockets that were opened here."""
        self._to_strangers.close()

    @property
    def under_way(self) -> int:
        return self._volleys.under_way + self._newcomers.under_way

    @property
    def ease(self) -> float:
        """Which share of what they may have under way strangers are given at present: less where answers come late."""
        return self._newcomers.ease

    @property
    def held(self) -> int:
        """Devices that wait to be asked."""
        return self._volleys.held + self._newcomers.held

    def send(self, due: Devices, now: float) -> Iterator[Turn]:
        """Ask what of the devices `due` goes in volleys at `now` (UTC epoch seconds); the others' turns."""
        strange = self._newcomers.fitting(due)
        self._newcomers.send(due[strange])
        yield from self._volleys.send(due[~strange], now)

    def receive(self) -> None:
        """Empty the sockets; cheap, so that it can be done often."""
        self._volleys.receive()
        self._newcomers.receive()

    def settle(self, now: float) -> Settled:
        """Read what came until `now` (UTC epoch seconds); who has become known is polled at once."""
        met = self._newcomers.settle()
        settled = self._volleys.settle()
        alone = (Turn(self._fleet[number]) for number in met.alone.tolist())
        polled = self._volleys.send(met.known, now) if len(met.known) else ()
        return Settled([*settled.turns, *alone, *polled], settled.back)
