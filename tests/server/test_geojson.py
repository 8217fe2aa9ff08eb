"""Boundaries: which files describe an area, how large it is, and how it is drawn."""

import json
from typing import Any

import pytest

from server import geojson
from server.errors import AppError

SQUARE = [[126.86, 37.47], [126.87, 37.47], [126.87, 37.48], [126.86, 37.48], [126.86, 37.47]]
HOLE = [[126.864, 37.474], [126.866, 37.474], [126.866, 37.476], [126.864, 37.476]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": "골", "owner": "Kim"}, "geometry": geometry}


def shape(raw: Any) -> Any:
    return json.loads(geojson.normal(json.dumps(raw)))


def test_what_surrounds_an_area_is_left_out() -> None:
    features = {"type": "FeatureCollection", "features": [feature(polygon(SQUARE))]}
    bare = polygon(SQUARE)
    for raw in (bare, feature(bare), features, polygon([[*p, 12.5] for p in SQUARE[:-1]])):
        assert shape(raw) == bare
    two = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE, HOLE]]}
    point = feature({"type": "Point", "coordinates": [126.86, 37.47]})
    both = [feature(bare), point, feature(polygon(SQUARE, HOLE))]
    found = shape({"type": "FeatureCollection", "features": both})
    assert found == shape(two)
    assert [len(one) for one in found["coordinates"]] == [1, 2]
    assert geojson.normal(" \n") == ""


def test_a_degree_has_six_decimals() -> None:
    raw = polygon([[126.86000049, 37.47], [126.87, 37.4700006], [126.87, 37.48]])
    assert shape(raw)["coordinates"][0][:2] == [[126.86, 37.47], [126.87, 37.470001]]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("nonsense", "no GeoJSON"),
        ("[" * 5_000, "no GeoJSON"),
        ([], "no GeoJSON"),
        ({}, "no GeoJSON"),
        ({"type": 7}, "no GeoJSON"),
        ({"type": "Point", "coordinates": [1, 2]}, "Polygon or MultiPolygon"),
        ({"type": "FeatureCollection", "features": 7}, "Polygon or MultiPolygon"),
        ({"type": "FeatureCollection", "features": [7, feature(None)]}, "Polygon or MultiPolygon"),
        (polygon(), "Polygon or MultiPolygon"),
        ({"type": "Polygon"}, "Polygon or MultiPolygon"),
        (polygon(7), "no GeoJSON"),
        (polygon([[1, 2], "x", [3, 4]]), "no GeoJSON"),
        (polygon([[1, "2"], [1, 3], [2, 3]]), "no GeoJSON"),
        (polygon([[True, 2], [1, 3], [2, 3]]), "no GeoJSON"),
        (polygon([[1], [1, 3], [2, 3]]), "no GeoJSON"),
        ('{"type":"Polygon","coordinates":[[[1e999,1],[1,3],[2,3]]]}', "GeoJSON"),
        ('{"type":"Polygon","coordinates":[[[NaN,1],[1,3],[2,3]]]}', "no GeoJSON"),
        (polygon([[1, 2], [1, 3]]), "three corners"),
        (polygon([[1, 2], [1, 3], [1, 2], [1, 3], [1, 2]]), "three corners"),
        (polygon([[37.47, 126.86], [37.47, 126.87], [37.48, 126.87]]), "longitude before"),
        (polygon([[945_000, 1_940_000], [1, 2], [3, 4]]), "longitude before"),
        (polygon([[10**400, 1], [1, 2], [3, 4]]), "GeoJSON|longitude before"),
        (polygon([[n / 100, 1] for n in range(4_001)]), "more than 4000 points"),
        (polygon(*[SQUARE] * 201), "more than 200 lines"),
        (" " * geojson.MAX_BYTES + "{}", "too long"),
    ],
)
def test_what_is_no_area_is_refused_in_words(raw: Any, told: str) -> None:
    with pytest.raises(AppError) as refused:
        geojson.normal(raw if isinstance(raw, str) else json.dumps(raw))
    assert any(part in str(refused.value) for part in told.split("|"))


def test_its_area_is_that_on_the_globe_without_its_holes() -> None:
    whole = geojson.drawing(geojson.normal(json.dumps(polygon(SQUARE))), None, None)
    holed = geojson.drawing(geojson.normal(json.dumps(polygon(SQUARE, HOLE))), None, None)
    assert whole is not None and holed is not None
    assert whole.area_km2 == pytest.approx(0.981, abs=0.002)  # 882 m by 1112 m
    assert whole.area_km2 - holed.area_km2 == pytest.approx(whole.area_km2 / 25, rel=0.01)
    assert holed.path.count("M") == 2


def test_north_is_up_and_a_degree_is_as_long_one_way_as_the_other() -> None:
    wide = polygon([[0, 60], [2, 60], [2, 61], [0, 61]])
    drawn = geojson.drawing(geojson.normal(json.dumps(wide)), 60.0, 0.0)
    assert drawn is not None
    assert drawn.width == pytest.approx(drawn.height, rel=0.03)  # two degrees there are one here
    assert drawn.dot is not None and drawn.dot[1] > drawn.height / 2
    away = geojson.drawing(geojson.normal(json.dumps(wide)), -60.0, 0.0)
    assert away is not None and away.dot is None


def test_a_line_of_thousands_of_points_is_drawn_with_few() -> None:
    top = [[126 + n / 1e6, 37.01] for n in range(3_990)]
    drawn = geojson.drawing(
        geojson.normal(json.dumps(polygon([[126, 37], *top, [126.01, 37]]))), None, None
    )
    assert drawn is not None and len(drawn.path) < 20_000


def test_what_was_kept_before_and_is_none_is_not_drawn() -> None:
    for text in ("", '{"type": "Polygon", "coordinates": []}', "nonsense"):
        assert geojson.drawing(text, 1.0, 2.0) is None
