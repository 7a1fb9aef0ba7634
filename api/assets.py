"""The bundle of api/web: files named by their content, compressed when they were built."""

import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

DIST = Path(__file__).parent / "static" / "dist"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}  # best first


class NotBuiltError(Exception):
    """The web bundle is missing."""


@dataclass(frozen=True)
class Assets:
    """`manifest` maps a name that templates use ("page.js") to the hashed file name."""

    folder: Path
    manifest: dict[str, str]

    def url(self, name: str) -> str:
        return f"/static/{self.manifest[name]}"

    def response(self, request: Request, name: str) -> Response:
        """The file, in the best encoding that was asked for; raises 404 for a name that was not built, or was before the last
        build, which this process hasn't seen.
        """
        if name not in self.manifest.values() or not (self.folder / name).is_file():
            raise HTTPException(404, "no such file")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
        media = mimetypes.guess_type(name)[0] or "application/octet-stream"
        for encoding, ending in _ENCODINGS.items():
            packed = self.folder / f"{name}{ending}"
            if encoding in accepted and packed.is_file():
                return FileResponse(packed, media_type=media, headers={**headers, "Content-Encoding": encoding})
        return FileResponse(self.folder / name, media_type=media, headers=headers)


def built_assets(folder: Path = DIST) -> Assets:
    """The bundle in `folder`. Raises NotBuiltError."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotBuiltError("the pages' scripts and styles are not built: run `make web`") from error
    return Assets(folder, manifest)
