"""What the log shows, and what it never shows."""

import io
import json
import logging
import os

import pytest
from aiohttp import web
from aiohttp.http_exceptions import BadStatusLine

from tests.growth import takes_time_for_its_length_alone
from web import logs


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal], ids=["lines", "terminal"])
def stream(request):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = request.param()
    logs.configure(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def log():
    return logging.getLogger("madang.test")


def test_away_from_a_terminal_each_event_is_one_json_object(log):
    stream = io.StringIO()
    logs.JsonLines()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    log.addHandler(handler)
    try:
        log.warning("delivered to %s", "광명", extra={"peer": "far.test", "ms": 12})
    finally:
        log.removeHandler(handler)
    line = json.loads(stream.getvalue())
    assert line["message"] == "delivered to 광명"
    assert (line["level"], line["logger"]) == ("warning", "madang.test")
    assert line["process"] == os.getpid()
    assert (line["peer"], line["ms"]) == ("far.test", 12)
    assert line["time"].endswith("Z")
    assert "광명" in stream.getvalue()


def test_an_event_stays_one_line_whatever_it_says(stream):
    said = "one\ntwo\r\x1b[31mred\u2028\u202eback\x85\ud800"
    record = logging.makeLogRecord({"msg": said, "levelno": logging.WARNING})
    # handed to our handler alone: the test runner's own cannot pass half a character on
    ours = next(one for one in logging.root.handlers if getattr(one, "stream", None) is stream)
    ours.handle(record)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    for steering in "\r\x1b\u2028\u202e\x85\ud800":
        assert steering not in text
    assert "\\n" in text


def test_a_json_line_gives_back_what_was_said():
    record = logging.makeLogRecord({"msg": "one\u2028\ud800\x85"})
    assert json.loads(logs.JsonLines().format(record))["message"] == "one\u2028\ud800\x85"


def test_the_request_goes_through_everything(stream, log):
    token = logs.request_id.set("abc123")
    try:
        log.warning("inside")
    finally:
        logs.request_id.reset(token)
    log.warning("outside")
    inside, outside = stream.getvalue().splitlines()
    assert "abc123" in inside
    assert "abc123" not in outside


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer s3cr3tvalue",
        "headers {'Authorization': 'Bearer s3cr3tvalue'}",
        'authorization="Basic s3cr3tvalue"',
        "Cookie: madang=s3cr3tvalue; lang=ko",
        "Set-Cookie: __Host-madang=s3cr3tvalue; Secure",
        "password=s3cr3tvalue&name=alice",
        '{"password": "s3cr3tvalue"}',
        "current_password: s3cr3tvalue",
        "client_secret=s3cr3tvalue",
        "GET /api/v1/streaming?access_token=s3cr3tvalue HTTP/1.1",
        "token 's3cr3t'; bearer s3cr3tvalue",
        "csrf=s3cr3tvalue",
        "postgresql://madang:s3cr3tvalue@db.example/madang",
        "-----BEGIN PRIVATE KEY-----\ns3cr3tvalue\n-----END PRIVATE KEY-----",
    ],
)
def test_no_secret_is_logged(stream, log, text):
    log.warning("%s", text)
    log.warning("a field", extra={"header": text})
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed")
    assert "s3cr3tvalue" not in stream.getvalue()
    assert logs.HIDDEN in stream.getvalue()


def test_a_field_with_a_secret_name_is_hidden_whatever_it_holds(stream, log):
    log.warning("hello", extra={"access_token": "xyz", "user_password": b"xyz", "cookies": ["xyz"]})
    assert "xyz" not in stream.getvalue()


def test_ordinary_text_stays(stream, log):
    log.warning(
        "a password was changed; the token of alice was revoked at https://gm.example/@alice"
    )
    assert "the token of alice was revoked at https://gm.example/@alice" in stream.getvalue()


def test_a_traceback_on_a_terminal_cannot_pass_for_another_event(log):
    try:
        raise ValueError("first\n12:00:00 INFO    all is well")
    except ValueError as error:
        record = log.makeRecord(
            "madang", logging.ERROR, "", 0, "failed", (), (ValueError, error, error.__traceback__)
        )
    first, *rest = logs.Readable().format(record).splitlines()
    assert "failed" in first
    assert rest and all(line.startswith("    | ") for line in rest)


HOSTILE = (
    "\n12:00:00 INFO all is well\r\x1b[2J\x1b]0;x\x07\x00\u202egnp\u2066\u061c\u2028\x85"
    + "x" * 10_000
)


@pytest.mark.parametrize("where", ["message", "field", "error"])
def test_what_strangers_say_is_one_line_within_bounds(stream, where):
    error = ValueError(HOSTILE) if where == "error" else None
    record = logging.makeLogRecord(
        {
            "msg": "no document at %s",
            "args": (HOSTILE,) if where == "message" else ("x",),
            "exc_info": (ValueError, error, None) if error else None,
            **({"actor": HOSTILE} if where == "field" else {}),
        }
    )
    ours = next(one for one in logging.root.handlers if getattr(one, "stream", None) is stream)
    ours.handle(record)
    text = stream.getvalue()
    assert len(text) < 32_000
    assert where == "error" or len(text) < 8_000
    for steering in "\r\x1b\x07\x00\u202e\u2066\u061c\u2028\x85":
        assert steering not in text
    first, *rest = text.splitlines()
    if not isinstance(stream, Terminal):
        assert rest == []
    assert all(line.startswith("    | ") for line in rest)


def test_a_secret_that_stands_where_a_long_text_is_cut_is_hidden_all_the_same():
    for before in range(logs.MAX_MESSAGE // 2 - 40, logs.MAX_MESSAGE // 2 + 5):
        text = "a" * before + " Authorization: Bearer s3cr3tvalue " + "b" * 9_000
        assert "s3cr3tvalue" not in logs.JsonLines().format(logging.makeLogRecord({"msg": text}))


@pytest.mark.parametrize("said", ["a", "-", "a.", "a:", "://", "token ", "bearer ", "a@"])
def test_no_text_takes_long_to_look_through(said):
    """In time that grows with the square of it this took a second."""

    def looks_through(length: int) -> None:
        logs.JsonLines().format(logging.makeLogRecord({"msg": said * (length // len(said))}))

    takes_time_for_its_length_alone(looks_through, 10_000, enough_s=0.3)


def test_a_body_that_is_not_what_it_says_is_one_line(stream):
    """aiohttp tells of it as of a fault of its own, with a traceback."""
    for error in (web.RequestPayloadError("400, message:\n  Can not decode\n"), BadStatusLine("x")):
        try:
            raise error
        except (web.RequestPayloadError, BadStatusLine):
            logging.getLogger("aiohttp.server").exception("Unhandled exception")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all("unreadable request from somebody" in line for line in lines)
