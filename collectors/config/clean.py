"""From what a device printed to the configuration that is kept: without what changes by itself, and without secrets. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from collectors.config.mask import masked, patterns
from collectors.ssh.platform import Block, Config

# What command lines say to a command that they don't have, or that the user may not give.
_REFUSED = re.compile(
    r"^\s*(?:% ?(?:invalid|unknown|incomplete|ambiguous|permission|authorization|bad)|error:|syntax error|bad command|"
    r"invalid (?:command|input)|expected end of command|failure:|unrecognized command|\S+: command not found)",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST = 5  # lines that may refuse
_LEAST = 2  # lines of a configuration


class NoConfigError(Exception):
    """What was printed is no whole configuration. The message holds nothing of it."""


def cleaned(printed: str, how: Config) -> str:
    """The configuration in `printed`, without secrets. Raises NoConfigError."""
    text = "\n".join(line.rstrip() for line in printed.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if how.join:
        text = re.sub(how.join, "", text)
    if _REFUSED.search("\n".join(text.lstrip().split("\n")[:_FIRST])):
        raise NoConfigError(f"the device doesn't take the command {how.command!r}")
    if how.complete and not re.search(how.complete, text, re.MULTILINE):
        raise NoConfigError("the configuration broke off")
    kept = masked(_without(text, how), _own(how.secrets)).strip("\n")
    if kept.count("\n") + 1 < _LEAST:
        raise NoConfigError("the device printed no configuration")
    return f"{kept}\n"


@cache
def _own(texts: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return patterns(texts)


def _without(text: str, how: Config) -> str:
    """Without the lines and blocks that are no configuration or change by themselves."""
    drop = [re.compile(pattern) for pattern in how.drop]
    lines = _outside(text.split("\n"), how.blocks)
    return "\n".join(line for line in lines if not any(each.search(line) for each in drop))


def _outside(lines: Iterable[str], blocks: Sequence[Block]) -> Iterator[str]:
    """The lines outside of the blocks; one that doesn't end goes on to the last line."""
    inside: Block | None = None
    for line in lines:
        if inside is None:
            inside = next((block for block in blocks if re.search(block.begin, line)), None)
            if inside is None:
                yield line
        elif re.search(inside.end, line):
            inside = None
