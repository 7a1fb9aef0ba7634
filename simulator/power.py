"""A UPS's battery as a function of time."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Battery:
    """`charge` (0 to 1) is what the battery held at `since`; a full one lasts `minutes`."""

    charge: float = 1.0
    since: float = 0.0
    mains: bool = True
    minutes: float = 30.0
    recharge_s: float = 4 * 3600.0  # from empty to full
    outages: int = 0  # how often mains failed
    worn: bool = False  # it holds too little to be trusted

    def charge_at(self, now: float) -> float:
        if self.mains:
            return min(1.0, self.charge + (now - self.since) / self.recharge_s)
        return max(0.0, self.charge - (now - self.since) / (self.minutes * 60))

    def seconds_on(self, now: float) -> float:
        return 0.0 if self.mains else now - self.since

    def seconds_left(self, now: float) -> float:
        return self.charge_at(now) * self.minutes * 60

    def lose_mains(self, now: float, minutes: float, recharge_s: float) -> "Battery":
        charge = self.charge_at(now)
        return replace(
            self,
            charge=charge,
            since=now,
            mains=False,
            minutes=minutes,
            recharge_s=recharge_s,
            outages=self.outages + 1,
        )

    def regain_mains(self, now: float) -> "Battery":
        return replace(self, charge=self.charge_at(now), since=now, mains=True)
