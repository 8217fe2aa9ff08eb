"""The same values from JSON, from forms and from queries; a mismatch that names its field."""

import json
from typing import Annotated

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from server.errors import AppError, Invalid
from web.body import MAX_FIELDS, Upload, body, convert, nest, query
from web.spool import Spool


class Poll(msgspec.Struct, frozen=True):
    options: tuple[str, ...] = ()
    expires_in: int = 0


class Form(msgspec.Struct, frozen=True):
    status: str = ""
    sensitive: bool = False
    media_ids: tuple[Annotated[int, msgspec.Meta(le=2**63 - 1)], ...] = ()
    in_reply_to_id: int | None = None
    title: str | None = None
    poll: Poll = Poll()
    file: Upload | None = None


SENT = {
    "status": "김장 담그는 날 & more",
    "sensitive": True,
    "media_ids": ["1", "2"],
    "in_reply_to_id": "7",
    "poll": {"options": ["하나", "둘"], "expires_in": 300},
}
PAIRS = [
    ("status", "김장 담그는 날 & more"),
    ("sensitive", "true"),
    ("media_ids[]", "1"),
    ("media_ids[]", "2"),
    ("in_reply_to_id", "7"),
    ("poll[options][]", "하나"),
    ("poll[options][]", "둘"),
    ("poll[expires_in]", "300"),
]
MEANT = Form(
    status="김장 담그는 날 & more",
    sensitive=True,
    media_ids=(1, 2),
    in_reply_to_id=7,
    poll=Poll(("하나", "둘"), 300),
)


CHARSET = b'--%b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n%b\r\n--%b--\r\n'


@pytest.fixture
async def echo(aiohttp_client, tmp_path):
    """A server that decodes what it is sent; `seen` is what it understood."""
    seen, spool = [], Spool(tmp_path, 0)

    async def handle(request):
        try:
            seen.append(await body(request, Form, spool))
        except AppError as error:
            return web.json_response({"error": str(error)}, status=error.status)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/", handle)
    client = await aiohttp_client(app)
    client.seen = seen
    return client


def multipart(pairs):
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in pairs:
        form.add_field(name, value)
    return form


async def test_json_says_what_a_form_says(echo):
    await echo.post("/", json=SENT)
    await echo.post("/", data=PAIRS)
    await echo.post("/", data=multipart(PAIRS))
    await echo.post("/", params=PAIRS)
    assert echo.seen == [MEANT] * 4


async def test_nothing_sent_is_the_defaults(echo):
    await echo.post("/")
    await echo.post("/", data=b"", headers={"Content-Type": "application/json"})
    assert echo.seen == [Form(), Form()]


async def test_the_body_wins_over_the_query(echo):
    await echo.post("/?status=query&title=query", json={"status": "body"})
    assert echo.seen == [Form(status="body", title="query")]


async def test_a_file_arrives_with_its_fields(echo):
    form = aiohttp.FormData()
    form.add_field("file", b"\x89PNG\r\n", filename="a.png", content_type="image/png")
    form.add_field("status", "사진")
    await echo.post("/", data=form)
    assert echo.seen == [Form(status="사진", file=Upload(b"\x89PNG\r\n"))]


async def test_a_file_or_texts_too_large_are_refused_by_size(echo, monkeypatch):
    monkeypatch.setattr("web.body.MAX_PICTURE_BYTES", 1000)
    monkeypatch.setattr("web.body.MAX_TEXT_BYTES", 100)
    for field, filename, size in (("file", "a.png", 1001), ("status", None, 101)):
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field(field, "a" * size, filename=filename)
        assert (await echo.post("/", data=form)).status == 413
    assert echo.seen == []


@pytest.mark.parametrize(
    ("sent", "type", "status"),
    [
        (b'{"status": ', "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"status": "a\\u0000b"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"status": "\\ud800"}', "application/json", 400),
        (b"status=%00", "application/x-www-form-urlencoded", 422),
        (b"status=\xff", "application/x-www-form-urlencoded", 400),
        (b"status=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * (MAX_FIELDS + 1), "application/x-www-form-urlencoded", 400),
        (b"status=1&status[a]=2", "application/x-www-form-urlencoded", 422),
        (b"a[b][c][d][e]=2", "application/x-www-form-urlencoded", 422),
        (b"media_ids[]=" + b"9" * 40, "application/x-www-form-urlencoded", 422),
        (b"not multipart", "multipart/form-data; boundary=x", 400),
        (b"not multipart", "multipart/form-data", 400),
        (
            CHARSET % (b"b" * 60, b"utf-8", b"b" * 60),
            "multipart/form-data; boundary=" + "b" * 60,
            400,
        ),
        (CHARSET % (b"x", b"u" * 100, b"x"), "multipart/form-data; boundary=x", 400),
    ],
)
async def test_what_cannot_be_read_is_the_apps_fault(echo, sent, type, status):
    answer = await echo.post("/", data=sent, headers={"Content-Type": type})
    assert answer.status == status
    assert echo.seen == []


@pytest.mark.parametrize(
    ("tree", "field"),
    [
        ({"in_reply_to_id": "seven"}, "in_reply_to_id"),
        ({"media_ids": ["1", "x"]}, "media_ids[1]"),
        ({"poll": {"expires_in": "soon"}}, "poll.expires_in"),
        ({"sensitive": "perhaps"}, "sensitive"),
        ({"status": "\ud800"}, "status"),
        ({"poll": {"options": ["\x00"]}}, "options"),
    ],
)
def test_a_mismatch_names_its_field(tree, field):
    with pytest.raises(Invalid) as refused:
        convert(tree, Form)
    assert refused.value.values["field"] == field
    assert field in str(refused.value)


def test_null_and_an_empty_box_are_as_good_as_nothing():
    assert convert({"title": None, "in_reply_to_id": "", "sensitive": ""}, Form) == Form()
    assert convert({"title": ""}, Form) == Form(title="")


def test_unknown_fields_are_left_out():
    assert convert({"status": "a", "local_only": "true"}, Form) == Form(status="a")


def test_rows_of_a_table_may_be_numbered_or_not():
    rows = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    numbered = [
        ("f[1][name]", "b"),
        ("f[1][value]", "2"),
        ("f[0][name]", "a"),
        ("f[0][value]", "1"),
    ]
    assert nest(numbered) == {"f": rows}
    plain = [("f[][name]", "a"), ("f[][value]", "1"), ("f[][name]", "b"), ("f[][value]", "2")]
    assert nest(plain) == {"f": rows}


names = st.text(st.sampled_from("ab01[]."), max_size=12)


@given(st.lists(st.tuples(names, st.text(max_size=3)), max_size=8))
def test_any_field_names_make_a_tree_or_a_refusal(pairs):
    try:
        tree = nest(pairs)
    except Invalid:
        return
    json.dumps(tree)


def test_a_query_that_is_not_utf8_is_refused():
    with pytest.raises(AppError):
        query(make_mocked_request("GET", "/?status=%ff"), Form)
