"""The map as SVG, drawn on the server: what a browser without JavaScript or WebGL shows.

It carries classes, no colours: the page's style sheet is the one place of the palette. Points of
one status are one path, so that a state of thousands of villages stays small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from inventory.model import SiteKind
from maps.ground import Places
from maps.projection import WIDTH, Projection, fit
from maps.tally import by_part
from maps.view import MapView

# Drawn in this order: what needs attention lies on top.
_POINTS: Mapping[str, str] = {"?": "unknown", "r": "ready", "d": "degraded", "b": "blocked"}
_SITES: Mapping[str, str] = {"?": "unknown", "u": "ready", "d": "degraded", "x": "blocked"}
_HUBS = (SiteKind.NOC, SiteKind.DISTRICT_POP, SiteKind.BLOCK_POP)
_MOST_POINTS, _MOST_HUBS = 60_000, 2_000  # more than the largest state has


@dataclass(frozen=True, slots=True)
class Words:
    """What the drawing says, in the page's language; `parts` (name, link, tooltip) run parallel to the view's."""

    title: str
    parts: Sequence[tuple[str, str, str]]


def draw(view: MapView, villages: str, sites: str, words: Words) -> str:
    """An `<svg>` element; `villages` and `sites` are letters in the order of the view.

    The attributes data-west, data-north, data-per-lon and data-per-lat give the projection to a
    script that redraws the points.
    """
    plane = fit(view.bounds)
    pieces = [
        _opening(plane),
        f'<title id="svg-title">{escape(words.title)}</title>',
        _PATTERNS,
        *_parts(view, villages, plane, words),
        *_points(view, villages, plane),
        _hubs(view, sites, plane),
        _labels(view, plane, words),
        "</svg>",
    ]
    return "".join(pieces)


def _opening(plane: Projection) -> str:
    return (
        f'<svg id="svg-map" viewBox="0 0 {WIDTH} {plane.height}" role="img" aria-labelledby="svg-title"'
        f' data-west="{plane.west:.5f}" data-north="{plane.north:.5f}"'
        f' data-per-lon="{plane.per_lon:.5f}" data-per-lat="{plane.per_lat:.5f}">'
    )


# The marks of "mostly unknown" and of an approximate outline: seen without colour, and not mistaken for a share.
_PATTERNS = (
    '<defs><pattern id="dots" width="14" height="14" patternUnits="userSpaceOnUse">'
    '<circle class="dots" cx="3.5" cy="3.5" r="1.4"/><circle class="dots" cx="10.5" cy="10.5" r="1.4"/></pattern>'
    '<pattern id="hatch" width="14" height="14" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="14" height="14"/><rect class="hatch-line" width="4" height="14"/></pattern></defs>'
)


def _parts(view: MapView, villages: str, plane: Projection, words: Words) -> list[str]:
    shades = [tally.shade for tally in by_part(view, villages)]
    number = {part.key: n for n, part in enumerate(view.parts)}
    drawn = []
    for key, shape in view.outlines.items():
        path = _path(shape, plane)
        if key not in number:
            drawn.append(f'<path class="part s-none" d="{path}"/>')
            continue
        n = number[key]
        _, link, tip = words.parts[n]
        drawn.append(
            f'<a href="{escape(link)}" tabindex="-1"><path class="part {shades[n]}" data-part="{n}" d="{path}">'
            f"<title>{escape(tip)}</title></path></a>"
        )
        if view.parts[n].boundary_approximate:
            drawn.append(f'<path class="dotted" d="{path}"/>')
    return drawn


def _path(shape: BaseGeometry, plane: Projection) -> str:
    """The rings of a (multi)polygon; its holes stay open under fill-rule evenodd."""
    drawn = []
    for polygon in shapely.get_parts(shape):
        for ring in shapely.get_rings(polygon):
            corners = [plane.xy(lon, lat) for lon, lat in shapely.get_coordinates(ring)]
            kept = [corner for corner, before in zip(corners, [None, *corners], strict=False) if corner != before]
            drawn.append("M" + "L".join(f"{x} {y}" for x, y in kept) + "Z")
    return "".join(drawn)


def _points(view: MapView, letters: str, plane: Projection) -> list[str]:
    """One shape a status, as in the page's legend; the marks of unknown are drawn twice to be hollow.

    Of a country's villages no dot could be told from the next: there the shades of its parts speak.
    """
    drawn = []
    places, told = view.village_at, np.frombuffer(letters.encode("ascii"), np.uint8)
    few = len(told) <= _MOST_POINTS
    for letter, name in _POINTS.items():
        dots = _dots(places, told == ord(letter), letter, plane) if few else ""
        path = f'<path class="pt {name}" data-letter="{letter}" d="{dots}"/>'
        drawn.append(f'<defs><g id="hollow">{path}</g></defs>{_HOLLOW}' if letter == "?" else path)
    return drawn


_HOLLOW = '<use class="rim" href="#hollow"/><use class="core" href="#hollow"/>'
_TRIANGLE = "l8 14h-16z"


def _dots(places: Places, marked: NDArray[np.bool_], letter: str, plane: Projection) -> str:
    """A path of marks. Dots and squares are lines of no length, which the style's caps make visible.

    Sorted and relative, so that it compresses to a third.
    """
    spots = np.unique(plane.all_xy(places.degrees[marked & places.known]), axis=0)
    mark = _TRIANGLE if letter == "d" else "h0"
    return "".join(f"m{x} {y}{mark}" for x, y in np.diff(spots, axis=0, prepend=[[0, 0]]).tolist())


def _hubs(view: MapView, sites: str, plane: Projection) -> str:
    """Points of presence as open squares, the widest kinds first; panchayat sites and kendras are where their villages are."""
    places, shown = view.site_at, np.zeros(len(sites), np.bool_)
    for kind in _HUBS:
        more = shown | view.sites_of(kind) & places.known
        shown = more if more.sum() <= _MOST_HUBS else shown
    drawn = []
    for number in np.flatnonzero(shown).tolist():
        (x, y), look = plane.xy(*places.degrees[number].tolist()), _SITES[sites[number]]
        drawn.append(
            f'<rect class="hub {view.sites[number].kind} {look}" x="{x - 6}" y="{y - 6}" width="12" height="12"/>'
        )
    return f'<g id="svg-hubs">{"".join(drawn)}</g>'


_LETTER = 12  # units; about what a letter of the style's size is wide
_LINE = 24


def _labels(view: MapView, plane: Projection, words: Words) -> str:
    """Names of the parts; one that would lie on another is left to its tooltip."""
    taken: list[tuple[float, float, int]] = []
    drawn = []
    for part, (name, _, _) in zip(view.parts, words.parts, strict=True):
        if part.key not in view.outlines:
            continue
        spot = view.outlines[part.key].representative_point()
        x, y = plane.xy(spot.x, spot.y)
        left, right = x - len(name) * _LETTER / 2, x + len(name) * _LETTER / 2
        if not any(abs(y - line) < _LINE and left < end and right > start for start, end, line in taken):
            taken.append((left, right, y))
            drawn.append(f'<text class="part-name" x="{x}" y="{y}">{escape(name)}</text>')
    return "".join(drawn)
