"""An asyncssh server that plays a device's command line: its prompt, and what it prints for each command."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

PROMPTS: Mapping[str, str] = {
    "cisco_ios": "router1#", "hp_procurve": "HP_Procurve-01# ", "huawei": "<NE40E>", "huawei_smartax": "MA5608T>",
    "huawei_ont": "WAP>", "juniper_junos": "lab@mx240> ", "linux": "user@pc:~$ ",
    "mikrotik_routeros": "[admin@MikroTik] > ", "nokia_sros": "*A:SAR8# ", "ubiquiti_edgerouter": "ubnt@gw:~$ ",
    "zte_zxros": "ZXCTN#", "frr": "gp-router# ",
}  # fmt: skip
"""Prompt of each platform, as its devices show it after the login."""
_SETUP = {
    "set cli screen-width 511": "Screen width set to 511", "set cli screen-length 0": "Screen length set to 0",
    "set cli complete-on-space off": "Disabling complete-on-space",
}  # fmt: skip
"""What Junos says to netmiko's preparations, which waits for that."""
_UNKNOWN = "Error: Unrecognized command"


@dataclass
class Script:
    """What a device answers. Of several outputs of a command each is printed once, the last one for ever."""

    prompt: str
    outputs: Mapping[str, Sequence[str]]
    greeting: str = ""
    password: str = ""  # that it lets in; empty: every key
    enable: str = ""  # password that `enable` asks for
    asked: list[str] = field(default_factory=list)

    offered: list[str] = field(default_factory=list)  # passwords

    def __post_init__(self) -> None:
        self._left = {command: deque(outputs) for command, outputs in self.outputs.items()}

    def answer(self, command: str) -> str:
        self.asked.append(command)
        left = self._left.get(command)
        if not left:
            return _SETUP.get(command, _UNKNOWN)
        return left.popleft() if len(left) > 1 else left[0]


@dataclass(frozen=True)
class Player:
    port: int
    script: Script


class _Door(asyncssh.SSHServer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return not self._script.password

    def password_auth_supported(self) -> bool:
        return bool(self._script.password)

    def validate_password(self, username: str, password: str) -> bool:
        self._script.offered.append(password)
        return password == self._script.password

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return True


@asynccontextmanager
async def playing(script: Script, host_key: Path) -> AsyncIterator[Player]:
    """The device on a port of 127.0.0.1, that lets every key in, or one password."""

    async def talk(process: asyncssh.SSHServerProcess[str]) -> None:
        await _talk(script, process)

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=lambda: _Door(script), server_host_keys=[str(host_key)], process_factory=talk,
        line_editor=False, encoding="utf-8",
    )  # fmt: skip
    try:
        yield Player(server.sockets[0].getsockname()[1], script)
    finally:
        server.close()
        await server.wait_closed()


async def _talk(script: Script, process: asyncssh.SSHServerProcess[str]) -> None:
    prompt, line, after_return = script.prompt, "", False
    process.stdout.write(script.greeting.replace("\n", "\r\n") + prompt)
    while chunk := await process.stdin.read(4096):
        for character in chunk:
            if character == "\n" and after_return:  # "\r\n" is one key
                after_return = False
                continue
            after_return = character == "\r"
            if character not in "\r\n":
                line += character
                process.stdout.write(character)
                continue
            command, line = line.strip(), ""
            if command in {"quit", "exit", "logout"}:
                process.exit(0)
                return
            if command == "enable" and script.enable and not await _asked_for(script, process):
                process.stdout.write(prompt)
                continue
            if command in {"enable", "disable"}:
                prompt = prompt.translate({ord(">"): "#"} if command == "enable" else {ord("#"): ">"})
            process.stdout.write("\r\n" + _printed(script, command) + prompt)


async def _asked_for(script: Script, process: asyncssh.SSHServerProcess[str]) -> bool:
    """Ask for the password of `enable`, as IOS up to three times; whether it was the right one."""
    for _ in range(3):
        process.stdout.write("\r\nPassword: ")
        said = ""
        while not said.endswith(("\r", "\n")):
            key = await process.stdin.read(1)
            if not key:  # hung up
                return False
            said += key
        script.offered.append(said.strip())
        if said.strip() == script.enable:
            return True
    process.stdout.write("\r\n% Bad secrets\r\n")
    return False


def _printed(script: Script, command: str) -> str:
    if not command or command in {"enable", "disable"}:
        return ""
    output = script.answer(command)
    return output.rstrip("\n").replace("\n", "\r\n") + "\r\n" if output else ""
