"""What a command printed as rows, by TextFSM."""

from collections.abc import Mapping, Sequence
from functools import cache
from io import StringIO
from pathlib import Path

from ntc_templates.parse import ParsingException, parse_output
from textfsm import TextFSM, TextFSMError

from collectors.ssh.platform import TEMPLATES, Command, Platform

Field = str | Sequence[str] | Sequence[Mapping[str, str]]
Row = Mapping[str, Field]
"""Field of the template, in lower case -> what was found; a list where the template makes one."""


class NotUnderstoodError(Exception):
    """The template doesn't fit what was printed."""


def parse(platform: Platform, command: Command, output: str) -> Sequence[Row]:
    """The rows in `output`. Raises NotUnderstoodError, also where there is no row."""
    try:
        rows = _own(TEMPLATES / command.template, output) if command.template else _ntc(platform, command, output)
    except (ParsingException, TextFSMError) as error:
        raise NotUnderstoodError(command.name) from error
    if not rows:
        raise NotUnderstoodError(command.name)
    return rows


def _ntc(platform: Platform, command: Command, output: str) -> Sequence[Row]:
    rows: Sequence[Row] = parse_output(platform.ntc, command.like or command.name, output)
    return rows


def _own(template: Path, output: str) -> Sequence[Row]:
    machine = TextFSM(StringIO(_text_of(template)))
    names = [name.lower() for name in machine.header]
    return [dict(zip(names, row, strict=True)) for row in machine.ParseText(output)]


@cache
def _text_of(template: Path) -> str:
    return template.read_text(encoding="utf-8")
