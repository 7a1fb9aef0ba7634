"""A small web server on loopback whose every answer a test writes itself, with or without TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Page = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes the whole answer."""


@dataclass
class Web:
    """A running server; `heads` are the requests that came, as text."""

    port: int
    heads: list[str] = field(default_factory=list)


def page(status: int = 200, body: bytes = b"Welcome", headers: str = "") -> Page:
    async def write(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n\r\n"
        writer.write(head.encode("latin-1") + body)

    return write


def sends(raw: bytes) -> Page:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return write


@asynccontextmanager
async def web(pages: Mapping[str, Page], tls: ssl.SSLContext | None = None) -> AsyncIterator[Web]:
    """Serve `pages` by path until the end of the block; a path that isn't there is hung up on."""
    running: Web
    conversations: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            running.heads.append(head)
            found = pages.get(head.split(" ")[1])
            if found:
                await found(writer)
                await writer.drain()
        conversations.discard(task)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    running = Web(server.sockets[0].getsockname()[1])
    try:
        yield running
    finally:
        server.close()
        for task in list(conversations):
            task.cancel()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of a test; `file` holds its certificate."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def serving(self, name: str, valid_for: timedelta) -> ssl.SSLContext:
        """A server's context with a certificate for `name` that ends `valid_for` from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = _certificate(name, key, self.certificate.subject, self.key, valid_for)
        pem = self.folder / f"{name}.pem"
        pem.write_bytes(issued.public_bytes(serialization.Encoding.PEM) + _private(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context


def authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    made = Authority(folder, key, _certificate("Test CA", key, own, key, timedelta(days=30), ca=True))
    made.file.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
    return made


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey,
    valid_for: timedelta, *, ca: bool = False,
) -> x509.Certificate:  # fmt: skip
    now = datetime.now(UTC)
    names = [x509.IPAddress(ip_address(name))] if name[0].isdigit() else [x509.DNSName(name.replace(" ", "-"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + valid_for) - timedelta(days=1))
        .not_valid_after(now + valid_for)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return builder.sign(signer, hashes.SHA256())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
