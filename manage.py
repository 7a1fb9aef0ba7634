"""Every command, and the one place where the layers are wired together."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING, Annotated

import structlog
import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from storage.settings import Settings, StorageSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.exc import DBAPIError
    from typer._click.core import Command, Context

    from collectors.figures import Figures
    from collectors.model import Batch, Sink
    from collectors.volley.volley import Volley
    from inventory.model import Inventory
    from simulator.process import FleetProcess

_ELSEWHERE = {
    "inventory": "inventory.cli:app",
    "report": "reports.cli:app",
    "simulate": "simulator.cli:app",
    "db": "storage.cli:app",
    "bench": "bench.cli:bench",
    "checkin": "collectors.checkin.cli:app",
    "probe": "collectors.cli:probe",
    "config": "collectors.config.cli:app",
    "poll": "collectors.poll_cli:poll",
    "discover": "collectors.discovery.cli:discover",
    "slowest": "collectors.slowest:slowest",
    "status": "readiness.cli:status",
    "outages": "readiness.cli:outages",
    "queue": "readiness.queue_cli:queue",
    "nearest": "readiness.nearest_cli:nearest",
    "trend": "readiness.trend_cli:trend",
    "notice": "readiness.notice_cli:app",
    "explain": "readiness.minute_cli:explain",
    "maintenance": "readiness.maintenance_cli:app",
    "single-points": "readiness.network_cli:single_points",
    "rings": "readiness.network_cli:rings",
}


class _Commands(TyperGroup):
    """With the commands of the layers, each imported when it is asked for: a role that runs for months needs none."""

    def list_commands(self, ctx: "Context") -> list[str]:
        return [*super().list_commands(ctx), *_ELSEWHERE]

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        return _elsewhere(cmd_name) if cmd_name in _ELSEWHERE else super().get_command(ctx, cmd_name)


def _elsewhere(name: str) -> "Command | None":
    _load_tables()
    module, _, attribute = _ELSEWHERE[name].partition(":")
    found = getattr(import_module(module), attribute)
    several = typer.Typer()
    several.callback()(main)
    if isinstance(found, typer.Typer):
        several.add_typer(found, name=name)
    else:
        several.command(name)(found)
    return typer.main.get_group(several).commands.get(name)


def _load_tables() -> None:
    """Every table, registered on the one metadata."""
    for layer in ("alerts", "collectors.checkin", "collectors.config", "collectors.http", "inventory", "readiness"):
        import_module(f"{layer}.tables")


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_SCENARIOS = Path(__file__).parent / "simulator" / "scenarios"


@app.callback()
def main() -> None:
    """Pahunch: which villages can get e-services right now, and who has to act where they cannot."""
    _log_to_stderr()


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Not rich's tracebacks: they show local variables, and the store's URL with its password among them.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # whatever it is by then
    )


@app.command()
def run() -> None:
    """Collect, judge, alert and serve the pages: both roles, each in a process of its own."""
    _together(Settings())


@app.command()
def collect() -> None:
    """Collect, judge and alert; /metrics answers on 127.0.0.1 at collect.metrics_port."""
    _alone(_collect, Settings())


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="A loopback address; default: serve.host")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Default: serve.port")] = 0,
) -> None:
    """Serve the pages and the API from what `collect` stores."""
    settings = Settings()
    given = {"host": host or settings.serve.host, "port": port or settings.serve.port}
    chosen = settings.serve.model_copy(update=given)
    _alone(_serve, settings.model_copy(update={"serve": chosen}))


@app.command()
def receive() -> None:
    """Let kendras' PCs check in at checkin.host and checkin.port; `collect` takes up what they tell."""
    _alone(_receive, Settings())


@app.command()
def demo(  # noqa: PLR0917 - typer passes options by name
    state: Annotated[str, typer.Option(help="State to show: its name or LGD code")] = "chhattisgarh",
    folder: Annotated[Path | None, typer.Option("--inventory", help="Inventory to run instead", exists=True)] = None,
    gps: Annotated[int | None, typer.Option(min=1, help="Only as many districts as hold this many GPs")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the pages on 127.0.0.1")] = 8000,
    scenario: Annotated[str, typer.Option(help="A name in simulator/scenarios, a file, or `none`")] = "first-rain",
    after: Annotated[float, typer.Option(help="Seconds before the scenario starts")] = 60,
    data: Annotated[Path, typer.Option(help="Folder of the demo's store")] = Path("data/demo"),
    snmp_port: Annotated[int, typer.Option(min=1, max=65535, help="UDP port of the simulated devices")] = 16100,
) -> None:
    """A simulated state on this machine: devices, collectors, judgement, pages. Ctrl-C stops it all."""
    os.environ.setdefault("PAHUNCH_COMMUNITY", "public")
    told = None if scenario == "none" else _scenario_file(scenario)
    _require_free(port)
    settings = _demo_settings(Settings(), data, port, snmp_port)
    facts = _demo_inventory(settings, state, folder, gps)
    with _fleet(settings, snmp_port, told, after, data / "truth.jsonl") as fleet:
        _lead_endpoints_to(settings, facts, fleet.portals_port)
        print(f"Pahunch: http://127.0.0.1:{port}/  (Ctrl-C ends it)", flush=True)
        _together(settings)


def _demo_settings(given: Settings, data: Path, port: int, snmp_port: int) -> Settings:
    """The user's settings with the demo's own store and ports; polls each 10 s unless told otherwise."""
    interval = given.collect.interval_s if "interval_s" in given.collect.model_fields_set else 10.0
    # No port is opened but the pages' own, unless the settings ask for the exposition.
    exposed = given.collect.metrics_port if "metrics_port" in given.collect.model_fields_set else 0
    collect = {
        "snmp_port": snmp_port,
        "known_hosts": data / "known_hosts",
        "interval_s": interval,
        "metrics_port": exposed,
    }
    looking = given.endpoints.interval_s if "interval_s" in given.endpoints.model_fields_set else interval
    endpoints = {"allow": (*given.endpoints.allow, "127.0.0.1"), "interval_s": looking}
    storage = StorageSettings(url=f"sqlite:///{data}/pahunch.db", history=data / "history")
    return given.model_copy(
        update={
            "storage": storage,
            "collect": given.collect.model_copy(update=collect),
            "endpoints": given.endpoints.model_copy(update=endpoints),
            "influx": given.influx.model_copy(update={"spool_folder": data / "influx-spool"}),
            "serve": given.serve.model_copy(update={"host": "127.0.0.1", "port": port, "tiles": data / "tiles"}),
            "alerts": given.alerts.model_copy(update={"page_url": f"http://127.0.0.1:{port}"}),
        }
    )


def _require_free(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise typer.BadParameter(f"127.0.0.1:{port} is taken: choose another with --port") from error


def _scenario_file(name: str) -> Path:
    for path in (Path(name), _SCENARIOS / f"{name}.toml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in _SCENARIOS.glob("*.toml")))
    raise typer.BadParameter(f"no scenario {name!r}: neither a file nor one of {known}")


def _demo_inventory(settings: Settings, state: str, folder: Path | None, gps: int | None) -> "Inventory":
    """The inventory that the demo's store then holds: a given folder's, or the state's pack."""
    from inventory import store
    from inventory.subset import subset
    from storage.engine import open_engine
    from storage.migrate import upgrade

    _load_tables()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    upgrade(engine)
    # The same pack comes out the same, so it is made once; a folder is read anew, its owner edits it.
    made_from = settings.storage.history.with_name("made-from")
    wish = f"{state} {gps}"
    if folder is not None or not made_from.is_file() or made_from.read_text() != wish:
        wanted = _read(folder) if folder else _pack(state)
        store.apply(engine, subset(wanted, gps) if gps else wanted, datetime.now(UTC))
        made_from.write_text("" if folder else wish)
    loaded = store.load(engine)
    engine.dispose()  # no connection outlives the fork of a role
    return loaded


def _read(folder: Path) -> "Inventory":
    from inventory.files import read_folder
    from inventory.hours import INDIA

    loaded = read_folder([folder], day=datetime.now(INDIA).date())
    for problem in loaded.problems:
        print(problem, file=sys.stderr)
    if loaded.problems:
        raise typer.Exit(1)
    return loaded.inventory


def _pack(state: str) -> "Inventory":
    from inventory.cli import progress_bar
    from inventory.pack.facts import PackError
    from inventory.pack.post_offices import build

    try:
        with progress_bar() as progress:
            return build(state, progress)
    except PackError as error:
        raise typer.BadParameter(str(error)) from error


def _lead_endpoints_to(settings: Settings, facts: "Inventory", port: int | None) -> None:
    """Let the demo's endpoints be the simulator's: it asks no real portal, and expects no real portal's answer."""
    from inventory import store
    from storage.engine import open_engine

    here = {
        code: replace(each, url=f"http://127.0.0.1:{port}/{code}", expect_status="200-399", expect_text="")
        for code, each in facts.endpoints.items()
    }
    engine = open_engine(settings.storage.url, settings.storage.cache)
    store.apply(engine, replace(facts, endpoints=here), datetime.now(UTC))
    engine.dispose()


def _fleet(settings: Settings, port: int, scenario: Path | None, after: float, truth: Path) -> "FleetProcess":
    """The simulated devices and portals, in a process of their own as real ones would be."""
    from simulator.process import FleetProcess, Plan
    from simulator.scenario import ScenarioError, read_scenario

    try:
        told = read_scenario(scenario) if scenario else None
    except ScenarioError as error:
        raise typer.BadParameter(str(error)) from error
    plan = Plan(
        settings.storage, port, scenario=told, truth=truth if told else None, after_s=after,
        stop_with_parent=True, portals_port=0,
    )  # fmt: skip
    return FleetProcess(plan)


Role = Callable[["Engine", "Inventory", Settings, asyncio.Event], Awaitable[None]]

_SHARED = (
    "alerts.store",
    "collectors.metrics",
    "inventory.following",
    "inventory.store",
    "numpy",
    "prometheus_client",
    "pyarrow.compute",
    "readiness.read",
    "sqlite3",
    "storage.migrate",
    "uvloop",
)
"""What each role loads, with all that these load."""


def _together(settings: Settings) -> None:
    """The roles, until one ends that doesn't want to be started anew."""
    from storage.memory import do_without_pandas, give_back_early
    from storage.processes import run_together

    do_without_pandas()
    give_back_early()
    _load_tables()
    wanted = (_collect, _serve, _receive) if settings.checkin.port else (_collect, _serve)
    if code := run_together([partial(_alone, role, settings) for role in wanted], _SHARED):
        raise typer.Exit(code)


def _alone(role: Role, settings: Settings) -> None:
    """One role in this process until SIGINT or SIGTERM, or until the process that started it is gone.

    Where the inventory changed it begins anew in a fresh process, whose memory holds nothing of the old one.
    """
    import uvloop

    from storage.memory import do_without_pandas, give_back_early, keep_giving_back
    from storage.processes import AGAIN

    do_without_pandas()
    give_back_early()
    keep_giving_back()
    _log_to_stderr()
    with _said_plainly():
        again = uvloop.run(_until_told(role, settings))
    if again and multiprocessing.parent_process() is not None:
        sys.exit(AGAIN)
    if again:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the command that was given


async def _until_told(role: Role, settings: Settings) -> bool:
    """Whether it ended because the inventory changed."""
    from inventory.following import imported
    from inventory.store import last_import, load

    stop, told = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        told.set()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    if (parent := multiprocessing.parent_process()) is not None:
        # It was killed, and may be started again at once: nothing may still hold its ports and files.
        loop.add_reader(parent.sentinel, os._exit, 1)
    engine = _opened(settings)
    known = last_import(engine)  # before it is read: an import meanwhile is one too many, none is overlooked
    changed = asyncio.create_task(imported(engine, known, stop))
    await role(engine, load(engine), settings, stop)
    stop.set()
    return await changed and not told.is_set()  # who is told to end while it ends doesn't begin anew


def _opened(settings: Settings) -> "Engine":
    """The store at its newest schema."""
    from storage.engine import open_engine
    from storage.migrate import upgrade

    _load_tables()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    upgrade(engine)
    return engine


async def _serve(engine: "Engine", facts: "Inventory", settings: Settings, stop: asyncio.Event) -> None:
    from api.app import create_app
    from api.serve import serve_until

    await serve_until(create_app(engine, facts, settings), settings.serve.host, settings.serve.port, stop)


async def _receive(engine: "Engine", facts: "Inventory", settings: Settings, stop: asyncio.Event) -> None:
    from collectors.checkin.receive import Receiver, receiving
    from collectors.checkin.serving import receive_until

    await receive_until(receiving(Receiver(engine, facts)), settings.checkin, stop)


async def _collect(engine: "Engine", facts: "Inventory", settings: Settings, stop: asyncio.Event) -> None:
    """Observation, judged and handed on, and alerts.

    A part outlives what a bad row, a damaged file, the disk or the store makes it raise (storage.damage.MISHAPS), and says so
    in the log; a fault of ours in the first of them ends all, loudly.
    """
    from alerts.loop import run
    from collectors.catalogue import load_profiles
    from collectors.checkin.observe import Follower
    from collectors.config.keys import noting
    from collectors.descriptors import make_room
    from collectors.figures import Figures
    from collectors.http.certificates import noting_certificates
    from collectors.run import observe
    from collectors.snmp.open import open_backend
    from readiness.archive import keep_closing
    from readiness.clock import Clocks
    from readiness.judge import Judge
    from storage.engine import alone

    if not facts.devices:
        print("The inventory is empty: `python manage.py inventory import FOLDER` fills it.", file=sys.stderr)
    figures = Figures()
    make_room(settings.collect.concurrency)
    async with AsyncExitStack() as closing:
        closing.enter_context(alone(engine, "collect"))
        backend = open_backend(settings.collect.backend)
        closing.push_async_callback(backend.close)
        sinks = list(_sinks(facts, settings, figures, closing))
        # Only now: who holds the history's lock is the only judge, and numbers of transitions are given in memory.
        clocks = Clocks(time.time, partial(time.clock_gettime, time.CLOCK_BOOTTIME))
        judge = Judge(
            engine, facts, settings, clocks=clocks
        )  # its first turn takes up what is stored, while polls begin
        sinks.insert(1, judge.observe)  # behind the history; what may wait for a disk or a network comes after
        beside: deque[Batch] = deque()
        checkins = Follower(engine, facts, settings.checkin.interval_s, beside=beside, history=sinks[0])
        async with asyncio.TaskGroup() as parts:
            parts.create_task(_tick(judge.tick, stop))
            parts.create_task(keep_closing(engine, settings.storage.history, stop, partial(_add_up, settings, stop)))
            parts.create_task(run(engine, facts, settings.alerts, stop))
            parts.create_task(checkins.follow(stop))
            parts.create_task(_keep_configurations(engine, facts, settings, stop))
            parts.create_task(
                observe(
                    facts,
                    backend,
                    load_profiles(),
                    settings,
                    sinks=sinks,
                    stop=stop,
                    figures=figures,
                    volley=_volley(settings, closing),
                    recognised=settings.storage.history.with_name("recognised.arrow"),
                    beside=beside,
                    host_keys=noting(engine),
                    certificates=noting_certificates(engine),
                )
            )


_ADDING_UP_S = 50 * 60  # months are to be closed each hour, and what is done by then is kept


async def _add_up(settings: Settings, stop: asyncio.Event, *, at_most_s: float = _ADDING_UP_S) -> None:
    """The sums of closed months, in a process of its own: it needs some 500 MB for a minute.

    What fails is told in the log: collection goes on without.
    """
    from readiness.months import FOLDER
    from storage.monthly import MonthMissingError, months_in

    tell = structlog.get_logger("months").error
    process = multiprocessing.get_context("spawn").Process(target=_adding_up, args=(settings,))
    try:
        if not months_in(settings.storage.history / FOLDER):
            return
        await asyncio.to_thread(process.start)
    except (MonthMissingError, OSError) as error:
        tell("sums_not_kept", error=type(error).__name__, said=str(error))
        return
    waiting = [asyncio.create_task(each) for each in (asyncio.to_thread(process.join), stop.wait())]
    try:
        done, _ = await asyncio.wait(waiting, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            tell("sums_not_kept", said=f"not done after {at_most_s:.0f} s; the rest is added up the next time")
        elif process.exitcode:  # the machine may have had no room for it
            tell("sums_not_kept", exit_code=process.exitcode)
    finally:
        process.terminate()  # at any moment: what isn't kept yet is the next time
        waiting[1].cancel()


def _adding_up(settings: Settings) -> None:
    from reports.sums import keep_up

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; who started this ends it
    os.nice(19)
    _log_to_stderr()
    keep_up(settings)


async def _keep_configurations(engine: "Engine", facts: "Inventory", settings: Settings, stop: asyncio.Event) -> None:
    if any(credential.kind == "ssh" for credential in facts.credentials.values()):
        from collectors.config.daily import keep_backing_up  # netmiko takes 20 MB, which not every state needs

        await keep_backing_up(engine, facts, settings, stop)


def _volley(settings: Settings, closing: AsyncExitStack) -> "Volley | None":
    """The fast way beside gufo; pysnmp is the fallback where nothing but Python is to be trusted."""
    if settings.collect.backend != "gufo":
        return None
    from collectors.volley.volley import Volley

    volley = Volley(settings.collect.timeout_s)
    closing.callback(volley.close)
    return volley


def _sinks(facts: "Inventory", settings: Settings, figures: "Figures", closing: AsyncExitStack) -> "Iterator[Sink]":
    """History always, InfluxDB where it is set, Prometheus."""
    from collectors.metrics import FIGURED
    from collectors.sinks.exposition import expose
    from collectors.sinks.history import HistorySink
    from collectors.sinks.neighbours import number_devices
    from collectors.sinks.prometheus import PrometheusSink
    from storage.compaction import Keep
    from storage.segments import Writer

    storage = settings.storage
    keep = Keep(timedelta(days=storage.raw_days), timedelta(days=storage.figure_days), FIGURED)
    writer = Writer(storage.history)
    number_devices(facts, writer.numbers)
    history = HistorySink(writer, keep=keep)
    closing.push_async_callback(history.close)
    readings = list(history.readings())
    yield history
    if settings.influx.url:
        from collectors.sinks.influx import InfluxSink

        influx = InfluxSink(settings.influx, facts)
        closing.push_async_callback(influx.close)
        readings += influx.readings()
        yield influx
    if settings.collect.metrics_port:
        prometheus = PrometheusSink(facts, settings.collect.interval_s, figures, readings)
        server = expose(settings.collect.metrics_port, prometheus, facts)
        closing.callback(server.shutdown)
        yield prometheus


async def _tick(tick: Callable[[float], Awaitable[None]], stop: asyncio.Event) -> None:
    """Let the judge notice once a second what nobody looks at any more.

    A turn that breaks off by what is stored is told: polls and their history go on, and the next turn begins with what
    is stored.
    """
    from storage.damage import MISHAPS

    while not stop.is_set():
        try:
            await tick(time.time())
        except MISHAPS as error:
            said = str(error).partition("\n")[0]
            structlog.get_logger("judge").error("judge_broke_off", error=type(error).__name__, said=said)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What whoever started a command can mend is one line on standard error and exit code 2, no traceback."""
    try:
        yield
    except* _mendable() as errors:
        told = [_line_about(error) for error in _leaves(errors)]
        if None in told:
            raise
        print(*dict.fromkeys(told), sep="\n", file=sys.stderr)
        raise SystemExit(2) from None


def _mendable() -> tuple[type[Exception], ...]:
    """Imported only when something went wrong: a command that is done ends by SystemExit too."""
    if isinstance(sys.exception(), SystemExit | KeyboardInterrupt):
        return ()
    from sqlalchemy.exc import DBAPIError

    from api.assets import NotBuiltError
    from api.serve import NotLoopbackError
    from collectors.catalogue import ProfileError
    from collectors.checkin.serving import NoCertificateError
    from inventory.scope import UnknownAreaError
    from simulator.process import FleetError
    from storage.damage import UnreadableError
    from storage.engine import StoreInUseError
    from storage.monthly import MonthMissingError
    from storage.segments import FolderInUseError, FolderLayoutError
    from storage.settings import SecretUnavailableError

    return (
        DBAPIError, FleetError, FolderInUseError, FolderLayoutError, MonthMissingError, NoCertificateError, NotBuiltError,
        NotLoopbackError, ProfileError, SecretUnavailableError, StoreInUseError, TOMLDecodeError, UnknownAreaError,
        UnreadableError, ValidationError, OSError,
    )  # fmt: skip


def _line_about(error: BaseException) -> str | None:
    from sqlalchemy.exc import DBAPIError

    match error:
        case ValidationError():
            faults = (f"settings: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            return "\n".join(faults)
        case TOMLDecodeError():
            return f"pahunch.toml: {error}"
        case DBAPIError():
            return _of_store(error)
    return str(error)


def _of_store(error: "DBAPIError") -> str | None:
    """What to do about an error of the store; None for one that only its authors can mend."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    said = str(error.orig).partition("\n")[0]
    # SQLite calls a missing table an operational error, PostgreSQL a programmer's.
    if "no such table" in said or (isinstance(error, ProgrammingError) and "does not exist" in said):
        return "The store has no tables yet: `python manage.py db upgrade` makes them."
    return f"The store cannot be used: {said}" if isinstance(error, OperationalError) else None


def _leaves(errors: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        yield from _leaves(error) if isinstance(error, BaseExceptionGroup) else (error,)


if __name__ == "__main__":
    with _said_plainly():
        app()
