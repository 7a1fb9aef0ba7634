"""What a fault does to an inventory over time. Pure; `random` comes seeded."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from inventory.model import Inventory, Role
from simulator import courses, onts
from simulator.chooser import Chooser
from simulator.condition import Effect, Jam
from simulator.courses import Course
from simulator.faults import Fault, Kind
from simulator.portals import Trouble


def course_of(fault: Fault, inventory: Inventory, random: Random, begin: float) -> Course:
    """The fault's stages when it begins at `begin` (UTC epoch seconds).

    Raises ValueError, with what is wrong, for a place that isn't there.
    """
    return _COURSES[fault.kind](fault, Chooser(inventory, fault.where, random), begin)


_Make = Callable[[Fault, Chooser, float], Course]


def _steady(make: Callable[[Fault, Chooser], Effect]) -> _Make:
    return lambda fault, chooser, _: iter([(0.0, make(fault, chooser))])


def _power_cut(fault: Fault, chooser: Chooser) -> Effect:
    return Effect(mains=chooser.sites(), battery_minutes=fault.battery_minutes)


def _fibre_cut(fault: Fault, chooser: Chooser) -> Effect:
    cut, trunks = chooser.fibres(fault.cuts)
    return Effect(cut=cut, trunks=trunks)


def _device_failure(_: Fault, chooser: Chooser) -> Effect:
    return Effect(failed=chooser.devices())


def _switched_off(_: Fault, chooser: Chooser) -> Effect:
    return Effect(off=chooser.devices())


def _planned_work(fault: Fault, chooser: Chooser) -> Effect:
    if fault.where.link:
        return replace(_fibre_cut(fault, chooser), planned=True)
    return Effect(off=chooser.devices(), planned=True)


def _shut_down_unpaid(_: Fault, chooser: Chooser) -> Effect:
    return Effect(shut=chooser.ends())


def _loss(fault: Fault, chooser: Chooser) -> Effect:
    return Effect(lossy=chooser.devices(), loss=fault.percent / 100)


def _congestion(fault: Fault, chooser: Chooser) -> Effect:
    jam = Jam(fault.percent / 100, fault.delay_ms / 1000)
    return Effect(jams=dict.fromkeys(chooser.links(), jam))


def _endpoint_outage(fault: Fault, chooser: Chooser) -> Effect:
    if fault.status and not 200 <= fault.status <= 599:
        raise ValueError(f"status {fault.status} isn't one of HTTP's from 200 to 599")
    if fault.status or fault.refuse:
        trouble = Trouble(status=fault.status, refuse=fault.refuse)
    else:
        trouble = Trouble(slow_s=fault.slow_s) if fault.slow_s else Trouble(status=503)
    return Effect(portals=dict.fromkeys(chooser.endpoints(), trouble))


def _collector_blind(_: Fault, __: Chooser) -> Effect:
    return Effect(blind=True)


def _clock_step(fault: Fault, chooser: Chooser) -> Effect:
    return Effect(clocks=dict.fromkeys(chooser.devices(), fault.seconds))


def _flapping(fault: Fault, chooser: Chooser, _: float) -> Course:
    cut, trunks = chooser.fibres(fault.cuts)
    alone = frozenset(name for name in cut if chooser.inventory.links[name].trunk not in trunks)
    return courses.flapping(Effect(cut=cut, trunks=trunks), Effect(unsteady=trunks | alone), fault.down_s, fault.up_s)


def _optical_decay(fault: Fault, chooser: Chooser, begin: float) -> Course:
    inventory = chooser.inventory
    light = {
        link: onts.received_dbm(inventory.devices[ont], inventory.links[link].length_km)
        for link, ont in chooser.lights().items()
    }
    return courses.fading(light, fault.db_per_minute, begin)


def _battery_decay(fault: Fault, chooser: Chooser, _: float) -> Course:
    if fault.every_minutes <= fault.cut_minutes:
        raise ValueError("every_minutes must be more than cut_minutes: the battery is charged between")
    upses = chooser.devices(Role.UPS)
    sites = frozenset(chooser.inventory.devices[name].site for name in upses)
    full = Effect(mains=sites, battery_minutes=fault.battery_minutes)
    return courses.wearing(full, upses, fault.cut_minutes * 60, fault.every_minutes * 60, fault.keeps)


_COURSES: dict[Kind, _Make] = {
    Kind.POWER_CUT: _steady(_power_cut),
    Kind.FIBRE_CUT: _steady(_fibre_cut),
    Kind.DEVICE_FAILURE: _steady(_device_failure),
    Kind.CONGESTION: _steady(_congestion),
    Kind.LOSS: _steady(_loss),
    Kind.FLAPPING: _flapping,
    Kind.REBOOT: _steady(_device_failure),  # silent while it lasts, then up with everything counted from 0
    Kind.SWITCHED_OFF: _steady(_switched_off),
    Kind.SHUT_DOWN_UNPAID: _steady(_shut_down_unpaid),
    Kind.ENDPOINT_OUTAGE: _steady(_endpoint_outage),
    Kind.OPTICAL_DECAY: _optical_decay,
    Kind.BATTERY_DECAY: _battery_decay,
    Kind.PLANNED_WORK: _steady(_planned_work),
    Kind.COLLECTOR_BLIND: _steady(_collector_blind),
    Kind.CLOCK_STEP: _steady(_clock_step),
}
