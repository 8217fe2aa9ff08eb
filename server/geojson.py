"""Boundaries: the part of GeoJSON that describes an area, read and drawn. RFC 7946"""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from server.errors import Invalid, TooLarge

MAX_BYTES: Final = 1024 * 1024  # of what is sent; what is kept of it is far less
MAX_POINTS: Final = 4_000
MAX_RINGS: Final = 200
CORNERS: Final = 3
PLACES: Final = 6  # decimals of a degree that are kept: 10 cm
RADIUS_KM: Final = 6371.0088
SIZE: Final = 300.0  # of the longer side of a drawing
FLATTEST: Final = 100.0  # its shorter side at least
MARGIN: Final = 8.0

Point: TypeAlias = tuple[float, float]  # longitude, latitude, in degrees
Ring: TypeAlias = tuple[Point, ...]  # without the first point again at the end


class Drawing(msgspec.Struct, frozen=True):
    """An area as SVG: `path` has its holes too (evenodd). `dot`: a point in or near it."""

    width: float
    height: float
    path: str
    area_km2: float
    dot: tuple[float, float] | None = None


def normal(text: str) -> str:
    """The area alone, as one Polygon or MultiPolygon with as many decimals as anybody needs.

    "" for nothing. Raises `Invalid`, `TooLarge` with what to change.
    """
    if not text.strip():
        return ""
    if len(text.encode()) > MAX_BYTES:
        raise TooLarge("The boundary is too long: simplify it to fewer points.")
    polygons = _polygons(text)
    listed = [[[*ring, ring[0]] for ring in polygon] for polygon in polygons]
    one = len(listed) == 1
    shape = {
        "type": "Polygon" if one else "MultiPolygon",
        "coordinates": listed[0] if one else listed,
    }
    return msgspec.json.encode(shape).decode()


@lru_cache(maxsize=128)
def drawing(text: str, latitude: float | None, longitude: float | None) -> Drawing | None:
    """A boundary that `normal` made, with a point; None for what was kept before there were any."""
    try:
        polygons = _polygons(text) if text.strip() else ()
    except Invalid:
        return None
    if not polygons:
        return None
    flat = _Flat([point for polygon in polygons for point in polygon[0]])
    path = "".join(_line(flat.at(point) for point in ring) for one in polygons for ring in one)
    known = latitude is not None and longitude is not None
    dot = flat.at((longitude or 0.0, latitude or 0.0)) if known else None
    if dot is not None and not (0 <= dot[0] <= flat.width and 0 <= dot[1] <= flat.height):
        dot = None
    return Drawing(flat.width, flat.height, path, sum(map(_area_km2, polygons)), dot)


# --- reading


def _polygons(text: str) -> tuple[tuple[Ring, ...], ...]:
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _not_geojson() from error
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise _not_geojson()
    listed = list(_shapes(raw))
    rings = [ring for polygon in listed for ring in polygon]
    if not listed:
        raise Invalid("The boundary must be a Polygon or MultiPolygon, or Features of these.")
    if len(rings) > MAX_RINGS:
        raise Invalid("The boundary has more than %(most)s lines. Simplify it.", most=MAX_RINGS)
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > MAX_POINTS:
        raise Invalid(
            "The boundary has more than %(most)s points. Simplify it first.", most=MAX_POINTS
        )
    return tuple(tuple(_ring(ring) for ring in polygon) for polygon in listed)


def _not_geojson() -> Invalid:
    return Invalid("The boundary is no GeoJSON. Leave it empty where there is none.")


def _shapes(raw: dict[str, Any]) -> Iterator[list[Any]]:
    """The rings of each polygon, as they were sent."""
    kind, coordinates = raw["type"], raw.get("coordinates")
    if kind == "FeatureCollection":
        features = raw.get("features")
        for feature in features if isinstance(features, list) else ():
            if isinstance(feature, dict) and feature.get("type") == "Feature":
                yield from _shapes(feature)
    elif kind == "Feature":
        geometry = raw.get("geometry")
        if isinstance(geometry, dict) and geometry.get("type") in ("Polygon", "MultiPolygon"):
            yield from _shapes(geometry)
    elif kind == "Polygon":
        yield from _filled([coordinates])
    elif kind == "MultiPolygon":
        yield from _filled(coordinates)


def _filled(polygons: Any) -> Iterator[list[Any]]:  # noqa: ANN401  a stranger's file
    for one in polygons if isinstance(polygons, list) else ():
        if isinstance(one, list) and one:
            yield one


def _ring(raw: Any) -> Ring:  # noqa: ANN401  a stranger's file
    if not isinstance(raw, list):
        raise _not_geojson()
    points = [_point(one) for one in raw]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if len(set(points)) < CORNERS:
        raise Invalid("Each line of the boundary needs at least three corners.")
    return tuple(points)


def _point(raw: Any) -> Point:  # noqa: ANN401  a stranger's file
    if not isinstance(raw, list) or len(raw) not in (2, 3):
        raise _not_geojson()
    longitude, latitude = raw[0], raw[1]
    for value in (longitude, latitude):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _not_geojson()
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Invalid(
            "The points of the boundary must be in degrees (WGS 84), the longitude before the "
            "latitude, such as [126.864, 37.478]."
        )
    return round(float(longitude), PLACES), round(float(latitude), PLACES)


# --- measuring and drawing


def _area_km2(polygon: tuple[Ring, ...]) -> float:
    """On a sphere; holes are taken out."""
    outer, *holes = (_ring_km2(ring) for ring in polygon)
    return max(0.0, outer - sum(holes))


def _ring_km2(ring: Ring) -> float:
    # Chamberlain and Duquette, Some algorithms for polygons on a sphere, 2007
    total = 0.0
    for (east, north), (east2, north2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        total += math.radians(east2 - east) * (
            2 + math.sin(math.radians(north)) + math.sin(math.radians(north2))
        )
    return abs(total) * RADIUS_KM**2 / 2


class _Flat:
    """A sheet on which points are drawn, north up; degrees are even at the middle latitude."""

    def __init__(self, points: list[Point]) -> None:
        west, east = min(p[0] for p in points), max(p[0] for p in points)
        south, north = min(p[1] for p in points), max(p[1] for p in points)
        self._even = max(0.05, math.cos(math.radians((south + north) / 2)))
        wide, high = (east - west) * self._even, north - south
        self._scale = (SIZE - 2 * MARGIN) / (max(wide, high) or 1.0)
        self.width = max(FLATTEST, round(wide * self._scale + 2 * MARGIN, 1))
        self.height = max(FLATTEST, round(high * self._scale + 2 * MARGIN, 1))
        self._left = (self.width - wide * self._scale) / 2
        self._top = (self.height - high * self._scale) / 2
        self._west, self._north = west, north

    def at(self, point: Point) -> tuple[float, float]:
        """Where a point is on the sheet."""
        x = (point[0] - self._west) * self._even * self._scale + self._left
        y = (self._north - point[1]) * self._scale + self._top
        return round(x, 1), round(y, 1)


def _line(points: Iterable[tuple[float, float]]) -> str:
    """A closed line; points that fall on one another are one."""
    drawn: list[tuple[float, float]] = []
    for point in points:
        if not drawn or drawn[-1] != point:
            drawn.append(point)
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in drawn) + "Z"
