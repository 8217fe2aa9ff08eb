"""Multipart bodies cost what they are worth, and nothing that is packed is taken at all."""

import gzip

import pytest

from web import parts

MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
FIELD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'


@pytest.mark.parametrize(
    ("path", "coding"),
    [("/sign-in", "gzip"), ("/api/v1/apps", "Deflate"), ("/inbox", "identity, gzip")],
)
async def test_what_is_packed_is_refused_whatever_it_is_packed_with(city, path, coding):
    """Some kilobytes of empty lines before the first part were worked on for minutes."""
    visitor = await city.visitor()
    bomb = gzip.compress(b"\n" * 100_000)
    headers = {**MULTIPART, "Content-Encoding": coding}
    async with visitor.client.post(path, data=bomb, headers=headers) as answer:
        assert (answer.status, answer.headers["Accept-Encoding"]) == (415, "identity")


async def test_what_is_as_it_is_may_say_so(city):
    visitor = await city.visitor()
    headers = {"Content-Encoding": "identity", "Content-Type": "application/x-www-form-urlencoded"}
    asked = b"client_name=App&redirect_uris=urn:ietf:wg:oauth:2.0:oob"
    async with visitor.client.post("/api/v1/apps", data=asked, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


LINES = b"\n" * 500 + FIELD + b"--x--\r\n"
FILES = FIELD.replace(b'"a"', b'"a"; filename=f') * 100


@pytest.mark.parametrize(
    ("path", "body", "refused"),
    [("/sign-in", LINES, 422), ("/sign-in", FILES, 422), ("/api/v1/apps", LINES, 400)],
)
async def test_lines_that_no_browser_writes_have_an_end(
    city, path, body, refused, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parts, "MAX_LINES", 100)
    visitor = await city.visitor()
    async with visitor.client.post(path, data=body, headers=MULTIPART) as answer:
        assert answer.status == refused


def test_as_many_fields_as_a_form_may_have_are_within_the_lines():
    assert parts.MAX_LINES >= 500 * 10
