"""Reading a device over SSH: run its platform's commands, and understand what they print."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from netmiko.exceptions import ReadException

from collectors.model import Failure
from collectors.reading.linux import COMMANDS, linux
from collectors.reading.model import Absent, Reading
from collectors.ssh.parse import NotUnderstoodError, Row, parse
from collectors.ssh.platform import Command, Platform, places
from collectors.ssh.reading import fits, reading_of
from collectors.ssh.talk import Run, SshTarget, talk_over_ssh

LINUX = "linux"
"""The one platform whose commands are read by code: they are programs' own output, JSON and kernel files."""
_HARMLESS = re.compile(r"[\w./:@-]{1,64}")
"""What a device said may stand in a command only if its shell takes it for one word."""


async def read_over_ssh(target: SshTarget, platform: Platform, pool: ThreadPoolExecutor) -> Reading | Failure:
    """Log in, run the platform's commands, log out. `pool` bounds how many do so at once."""
    address = f"{target.address}:{target.port}"
    if platform.name == LINUX:
        outputs = await talk_over_ssh(target, lambda run: {name: run(each) for name, each in COMMANDS.items()}, pool)
        return outputs if isinstance(outputs, Failure) else linux(address, outputs)
    return await talk_over_ssh(target, lambda run: _read(platform, address, run), pool)


def _read(platform: Platform, address: str, run: Run) -> Reading:
    rows: dict[str, Sequence[Row]] = {}
    errors: list[Absent] = []
    once = _Once(run)
    try:
        for command in platform.commands:
            errors.extend(_ask(platform, command, once, rows))
    except ReadException as error:
        if not rows:
            raise
        errors.append(Absent(what=command.name, reason=str(error).strip().partition("\n")[0]))
    return reading_of(platform, address, rows, errors)


class _Once:
    """Runs the same command once: what it printed may be parsed by two templates."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._printed: dict[str, str] = {}

    def __call__(self, command: str) -> str:
        if command not in self._printed:
            self._printed[command] = self._run(command)
        return self._printed[command]


def _ask(platform: Platform, command: Command, run: Run, rows: dict[str, Sequence[Row]]) -> Iterator[Absent]:
    """Run one command, or one for each row of another; keep what is understood of it, give what isn't."""
    for spellings in _spellings(command, rows):
        found = _understood(platform, command, run, spellings)
        if found:
            rows[command.key] = [*rows.get(command.key, ()), *found]
        elif not command.optional:
            yield Absent(what=spellings[0], reason="not understood")


def _understood(platform: Platform, command: Command, run: Run, spellings: Iterable[str]) -> Sequence[Row]:
    for spelling in spellings:
        try:
            return parse(platform, command, run(spelling))
        except NotUnderstoodError:
            continue
    return ()


def _spellings(command: Command, rows: Mapping[str, Sequence[Row]]) -> Iterator[Sequence[str]]:
    if command.each is None:
        yield command.run
        return
    plain = [{name: str(value) for name, value in row.items()} for row in rows.get(f"{command.each.rows} ", ())]
    wanted = [row for row in plain if fits(row, command.each.where)]
    for row in wanted[: command.each.most]:
        harmless = {name: value for name, value in row.items() if _HARMLESS.fullmatch(value)}
        filled = [spelling for each in command.run if (spelling := places(each, harmless)) is not None]
        if filled:
            yield filled
