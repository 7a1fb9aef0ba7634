"""What a poll asks, and how its raw values become columns."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import batch as batch_module
from collectors.batch import BatchBuilder, FinishedPoll
from collectors.catalogue import load_profiles
from collectors.columns import Layout, Texts, ragged, values_of
from collectors.decode import number
from collectors.metrics import METRICS
from collectors.model import Batch
from collectors.plan import SYS_UP_TIME, Plans, PollPlan, gets, make_plan, narrow, ports_of_interest
from collectors.profile import Profile, Read, Syntax, TableRead
from collectors.snmp.backend import Value

ROUTER = load_profiles()["generic-router"]
PORTS = ((1, "GE0/0/1"), (2, "GE0/0/2"))
SPEED = next(read.oid for read in ROUTER.ports if read.metric == "ifSpeed")
IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"
IN_OCTETS_32 = "1.3.6.1.2.1.2.2.1.10"


def test_ports_that_links_name_are_chosen_whatever_their_spelling() -> None:
    ports = {5: "GigabitEthernet0/0/1", 3: "gpon 0/1/3", 4: "GPON 0/1/4"}
    assert ports_of_interest(ports, {"GPON 0/1/3", "xe9"}) == ((3, "GPON 0/1/3"),)


def test_without_named_ports_the_first_few_are_taken() -> None:
    ports = {n: f"eth{n}" for n in range(100, 0, -1)}
    assert ports_of_interest(ports, set()) == tuple((n, f"eth{n}") for n in range(1, 9))
    assert ports_of_interest({}, {"eth0"}) == ()


def test_a_plan_starts_with_the_up_time_and_devices_of_one_shape_share_it() -> None:
    plans = Plans()
    plan = plans.make(ROUTER, PORTS)
    assert plan is plans.make(ROUTER, PORTS)
    assert plan is not plans.make(ROUTER, PORTS[:1])
    assert plan.items[0].oid == SYS_UP_TIME
    assert [item.oid for item in plan.items].count(SYS_UP_TIME) == 1
    assert len(plan.items) == 1 + 2 * len(ROUTER.ports)
    assert plans.narrow(plan, frozenset({IN_OCTETS})) is plans.narrow(plan, frozenset({IN_OCTETS}))


def test_a_device_that_has_both_counters_is_asked_for_one() -> None:
    plans = Plans()
    made = plans.make(ROUTER, ((3, "GE0/0/1"),))
    plan = plans.narrow(made, frozenset())
    metrics = [item.read.metric for item in plan.items]
    assert len(set(metrics)) == len(metrics) < len(made.items)
    assert plans.narrow(made, frozenset()) is plan


def test_narrowing_takes_the_fallback_only_where_the_first_is_missing() -> None:
    plan = make_plan(ROUTER, PORTS)
    narrowed = narrow(plan, {f"{IN_OCTETS}.2", SYS_UP_TIME})
    oids = [item.oid for item in narrowed.items]
    assert f"{IN_OCTETS}.1" in oids
    assert f"{IN_OCTETS_32}.1" not in oids
    assert f"{IN_OCTETS}.2" not in oids
    assert f"{IN_OCTETS_32}.2" in oids
    assert oids[0] == SYS_UP_TIME
    assert narrow(narrowed, frozenset()) is narrowed


def test_a_table_is_not_read_for_what_a_scalar_gives() -> None:
    status, pages = Read("printer_status", "1.3.1", ""), Read("printer_pages", "1.3.2", "")
    scalars = (Read("printer_status", "1.3.1.1", ""), Read("printer_pages", "1.3.2.1", ""))
    plan = make_plan(Profile("p", "printer", scalars=scalars, tables=(TableRead("t", "first", (status, pages)),)), ())
    assert [table.columns for table in narrow(plan, {"1.3.1.1"}).tables] == [(status,)]
    assert narrow(plan, frozenset()).tables == ()


def test_parts_have_one_budget_each_and_follow_one_another() -> None:
    reads = [Read("temperature", f"1.3.{n}.0", "", every_s=every) for n, every in enumerate((0, 300, 0, 60))]
    plan = make_plan(Profile("p", "router", scalars=tuple(reads)), ())
    assert [(part.every_s, part.first, part.oids) for part in plan.parts] == [
        (0, 0, (SYS_UP_TIME, "1.3.0.0", "1.3.2.0")),
        (60, 3, ("1.3.3.0",)),
        (300, 4, ("1.3.1.0",)),
    ]


@pytest.mark.parametrize(
    ("scalars", "ports", "most", "expected"),
    [
        (0, 0, 1, [[SYS_UP_TIME]]),
        (2, 2, 5, [[SYS_UP_TIME, "s0", "s1", "n1", "n2"]]),
        (3, 2, 5, [[SYS_UP_TIME, "s0", "s1", "s2"], [SYS_UP_TIME, "n1", "n2"]]),
        (5, 1, 4, [[SYS_UP_TIME, "s0", "s1", "s2"], [SYS_UP_TIME, "s3", "s4", "n1"]]),
        (4, 0, 3, [[SYS_UP_TIME, "s0", "s1"], [SYS_UP_TIME, "s2", "s3"]]),
        (1, 0, 1, []),  # there is only room for the up-time
        (0, 5, 5, []),  # the names of ports would be in two
        (9, 0, 2, []),  # too many
    ],
)
def test_gets_begin_with_the_up_time_and_read_all_that_is_wanted(
    scalars: int, ports: int, most: int, expected: list[list[str]]
) -> None:
    reads = tuple(Read("temperature", f"s{n}", "") for n in range(scalars))
    made = make_plan(Profile("p", "router", scalars=reads, max_objects=most), ())
    plan = replace(made, names=tuple(f"n{n + 1}" for n in range(ports)))
    found = gets(plan, frozenset(name for name, _ in plan.reads))
    assert [list(get.oids) for get in found] == expected
    told = [(place, oid) for get in found for place, oid in zip(get.items, get.oids, strict=False) if place >= 0]
    assert [oid for _, oid in sorted(told)] == ([item.oid for item in plan.items] if found else [])


def test_what_is_not_due_is_not_in_a_get_and_tables_are_for_no_get() -> None:
    reads = (Read("temperature", "s0", ""), Read("temperature", "s1", "", every_s=300.0))
    table = TableRead("t", "plain", (Read("temperature", "1.3.1", ""),))
    plan = make_plan(Profile("p", "olt", scalars=reads, tables=(table,)), ())
    assert [get.oids for get in gets(plan, {"part 0"})] == []
    assert [get.oids for get in gets(plan, {plan.parts[0].name})] == [(SYS_UP_TIME, "s0")]
    assert [get.items for get in gets(plan, {part.name for part in plan.parts})] == [(0, 1, 2)]
    assert gets(plan, {plan.parts[0].name, "1.3.1"}) == ()
    assert gets(plan, {plan.parts[1].name}) == ()  # without the up-time


def test_plans_that_nobody_has_are_forgotten_and_their_rows_are_for_others() -> None:
    plans, layout = Plans(), Layout(Texts())
    made = [plans.make(ROUTER, ((n, "GE0/0/1"),)) for n in range(5)]
    narrowed = [plans.narrow(plan, frozenset({f"{IN_OCTETS}.{n}"})) for n, plan in enumerate(made)]
    numbers = [plans.number(plan) for plan in (*made, *narrowed)]
    starts = [layout.start(plan) for plan in narrowed]
    gone = plans.keep([numbers[0], numbers[7]])
    assert set(gone) == {*made[1:], *narrowed[:2], *narrowed[3:]}
    assert (plans[0], plans[1], len(plans)) == (made[0], narrowed[2], 2)
    assert [shape.ports for shape in plans.shapes()] == [((0, "GE0/0/1"),), ((2, "GE0/0/1"),)]
    assert plans.make(ROUTER, ((0, "GE0/0/1"),)) is made[0]
    assert plans.narrow(made[2], frozenset({f"{IN_OCTETS}.2"})) is narrowed[2]  # somebody holds it still
    layout.forget(gone)
    assert layout.start(narrowed[2]) == starts[2]
    new = [plans.narrow(plans.make(ROUTER, ((n, "xe"),)), frozenset({f"{IN_OCTETS}.{n}"})) for n in range(9, 13)]
    assert {layout.start(plan) for plan in new} == set(starts) - {starts[2]}
    decoded = layout.decode(np.array([layout.start(new[0])]), values_of([[500]]))
    assert decoded.tolist() == [5.0]


def test_tables_of_the_profile_are_in_the_plan() -> None:
    table = TableRead("t", "plain", (Read("temperature", "1.3.1", ""),))
    assert make_plan(Profile("p", "olt", tables=(table,)), ()).tables == (table,)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 9)), max_size=30))
def test_ragged(pieces: list[tuple[int, int]]) -> None:
    starts, lengths = (np.array([piece[n] for piece in pieces], np.int64) for n in (0, 1))
    assert ragged(starts, lengths).tolist() == [start + n for start, length in pieces for n in range(length)]


def reads() -> st.SearchStrategy[Read]:
    return st.builds(
        Read,
        metric=st.just("temperature"),
        oid=st.just("1.3.6.1"),
        mib=st.just(""),
        syntax=st.sampled_from(Syntax),
        scale=st.sampled_from([1.0, 0.01, 1e6, -2.0]),
        offset=st.sampled_from([0.0, -273.15]),
        values=st.sampled_from([{}, {1: 1, 2: 0}]),
        absent=st.sampled_from([frozenset[int](), frozenset({0, 2**31 - 1})]),
        low=st.sampled_from([float("-inf"), 0.0]),
        high=st.sampled_from([float("inf"), 1e6]),
    )


def raw_values() -> st.SearchStrategy[Value | None]:
    edges = [n + d for n in (0, 2**31, 2**32, 2**63, 2**64) for d in (-1, 0, 1) if n + d < 2**64]
    whole = st.integers(-(2**31), 2**64 - 1) | st.sampled_from(edges)
    return whole | st.binary(max_size=4) | st.sampled_from([b"-14.61 dBm", b"\xff", "1.3.6", None])


@given(st.lists(st.tuples(reads(), raw_values()), min_size=1, max_size=20))
def test_decoding_in_columns_gives_what_decoding_one_by_one_gives(pairs: list[tuple[Read, Value | None]]) -> None:
    layout = Layout(Texts())
    scalars = tuple(Read(r.metric, f"1.3.{n}.0", "", r.syntax, r.scale, r.offset, r.values, r.absent, r.low, r.high)
                    for n, (r, _) in enumerate(pairs))  # fmt: skip
    plan = make_plan(Profile("p", "router", scalars=scalars), ())
    start = layout.start(plan)
    sent = values_of([[raw for _, raw in pairs]])
    found = layout.decode(np.arange(start + 1, start + 1 + len(pairs)), sent)
    for read, (_, raw), exact, value in zip(scalars, pairs, sent.whole.tolist(), found.tolist(), strict=True):
        expected = None if raw is None or (isinstance(raw, int) and raw < -(2**31)) else number(read, raw)
        assert (None if np.isnan(value) else value) == (None if expected is None else pytest.approx(float(expected)))
        assert np.isnan(value) or not isinstance(raw, int) or exact == raw % 2**64


class Device:
    """One router in a builder."""

    def __init__(self, builder: BatchBuilder, plan: PollPlan, number: int = 0) -> None:
        self.builder, self.plan, self.number = builder, plan, number
        self.place = builder.place(plan, None)

    def say(self, clock: float, values: dict[str, Value], *, restarted: bool = False) -> None:
        self.builder.add(
            FinishedPoll(
                self.number,
                at=1e9 + clock,
                clock=clock,
                took_ms=3.0,
                reached=True,
                place=self.place,
                rows=[(part, [values.get(oid) for oid in part.oids]) for part in self.plan.parts],
                restarted=restarted,
            )
        )


def builder(count: int = 1) -> BatchBuilder:
    return BatchBuilder(tuple(f"d{n}" for n in range(count)), np.full(count, 180.0))


def values(batch: Batch | None, metric: str) -> list[tuple[str, str, float]]:
    assert batch is not None
    return [
        (batch.devices[device], batch.instances[instance], value)
        for device, kind, instance, value in zip(
            batch.sample_device.tolist(),
            batch.sample_metric.tolist(),
            batch.sample_instance.tolist(),
            batch.sample_value.tolist(),
            strict=True,
        )
        if METRICS[kind].name == metric
    ]


def octets(one: int, two: int, speed: int = 1000) -> dict[str, Value]:
    return {f"{IN_OCTETS}.1": one, f"{IN_OCTETS}.2": two, f"{SPEED}.1": speed, f"{SPEED}.2": speed}


def test_rates_of_several_devices_and_ports_do_not_mix() -> None:
    made = builder(2)
    plan = make_plan(ROUTER, PORTS)
    first, second = Device(made, plan, 0), Device(made, plan, 1)
    first.say(0.0, octets(0, 2**63))
    second.say(10.0, octets(7, 8))
    assert values(made.close(0.0), "in_bps") == []
    first.say(60.0, octets(7_500, 2**63 + 60))
    second.say(70.0, octets(7, 608))
    found = values(made.close(0.0), "in_bps")
    assert found == [("d0", "GE0/0/1", 1000.0), ("d0", "GE0/0/2", 8.0), ("d1", "GE0/0/1", 0.0), ("d1", "GE0/0/2", 80.0)]
    assert made.close(0.0) is None


def walked(made: BatchBuilder, device: int, names: Iterable[str]) -> Batch:
    cells = [("host_disk_used", name, 1.0) for name in names]
    made.add(FinishedPoll(device, at=1e9, clock=0.0, took_ms=3.0, reached=True, cells=cells))
    batch = made.close(0.0)
    assert batch is not None
    return batch


def test_one_that_invents_names_harms_itself_alone() -> None:
    made = builder(2)
    for walk in range(4):
        assert (walked(made, 0, (f"{walk}.{n}" for n in range(20_000))).sample_instance >= 0).all()
    assert made.unnamed > 40_000
    assert values(walked(made, 0, ["0.7"]), "host_disk_used") == [("d0", "0.7", 1.0)]  # as ever
    assert values(walked(made, 1, ["C:"]), "host_disk_used") == [("d1", "C:", 1.0)]


def test_where_there_are_too_many_names_samples_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "Texts", partial(Texts, 2))
    made = builder()
    Device(made, make_plan(ROUTER, PORTS)).say(0.0, octets(12, 13))
    assert values(made.close(5.0), "ifHCInOctets") == [("d0", "GE0/0/1", 12.0)]
    assert made.unnamed == 2  # octets and speed of the second port


def test_counters_are_in_the_batch_beside_their_rates() -> None:
    made = builder()
    Device(made, make_plan(ROUTER, PORTS)).say(0.0, octets(12, 13))
    batch = made.close(5.0)
    assert values(batch, "ifHCInOctets") == [("d0", "GE0/0/1", 12.0), ("d0", "GE0/0/2", 13.0)]
    assert values(batch, "ifSpeed") == [("d0", "GE0/0/1", 1e9), ("d0", "GE0/0/2", 1e9)]
    assert batch is not None
    assert (batch.closed_at, batch.poll_at.tolist(), batch.poll_reason.tolist()) == (5.0, [1e9], [-1])


def test_no_rate_over_a_reboot_nor_above_the_speed_of_the_port() -> None:
    made = builder()
    device = Device(made, make_plan(ROUTER, PORTS))
    device.say(0.0, octets(1000, 1000, speed=10))
    device.say(60.0, octets(2000, 2000, speed=10), restarted=True)
    device.say(120.0, octets(2000 + 60 * 1_250_000, 2000 + 60 * 1_400_000, speed=10))
    found = [rate for batch in iter(lambda: made.close(0.0), None) for rate in values(batch, "in_bps")]
    assert found == [("d0", "GE0/0/1", 1e7)]


def test_two_polls_of_one_device_lie_in_two_batches() -> None:
    made = builder()
    device = Device(made, make_plan(ROUTER, PORTS))
    for turn in range(3):
        device.say(60.0 * turn, octets(turn * 60, turn * 120))
    assert made.waiting == 3
    batches = list(iter(lambda: made.close(0.0), None))
    assert [len(batch.poll_at) for batch in batches] == [1, 1, 1]
    assert [values(batch, "in_bps") for batch in batches[1:]] == [[("d0", "GE0/0/1", 8.0), ("d0", "GE0/0/2", 16.0)]] * 2


def test_a_device_that_changes_its_shape_keeps_nothing_of_the_old_one() -> None:
    made = builder()
    device = Device(made, make_plan(ROUTER, PORTS))
    device.say(0.0, octets(1000, 1000))
    made.close(0.0)
    device.plan = make_plan(ROUTER, tuple(reversed(PORTS)))
    device.place = made.place(device.plan, device.place)
    device.say(60.0, octets(2000, 9000))
    assert values(made.close(0.0), "in_bps") == []
    device.say(120.0, octets(2060, 9000))
    assert sorted(values(made.close(0.0), "in_bps")) == [("d0", "GE0/0/1", 8.0), ("d0", "GE0/0/2", 0.0)]


def test_tables_give_samples_and_a_flood_of_names_is_bounded() -> None:
    texts = Texts(most=3)
    assert [texts.number(name) for name in ("", "a", "b", "c", "a")] == [0, 1, 2, -1, 1]
    assert texts.all() is texts.all()
    made = builder()
    cells: Sequence[tuple[str, str, float]] = [("ont_state", "0/1/3:1", 1), ("ont_rx_dbm", "0/1/3:1", -21.5)]
    made.add(FinishedPoll(0, 1e9, 0.0, 1.0, reached=True, cells=cells))
    batch = made.close(0.0)
    assert values(batch, "ont_state") == [("d0", "0/1/3:1", 1.0)]
    assert values(batch, "ont_rx_dbm") == [("d0", "0/1/3:1", -21.5)]
