"""Forms of pages come from our own pages, lead nowhere else, and are refused in words."""

import pytest

from server.clock import now_ms
from server.services import (
    accounts,
    communities,
    reading,
)
from server.services.communities import NewCommunity
from tests.web.city import NO_KEYS, PASSWORD

CHARSET = b'--%b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n%b\r\n--%b--\r\n'
FOREIGN = [
    {"headers": {"Sec-Fetch-Site": "cross-site"}},
    {"headers": {"Sec-Fetch-Site": "same-site"}},
    {"headers": {"Origin": "https://evil.example"}},
    {"headers": {"Origin": "null"}},
    {"csrf": "made up"},
    {"csrf": ""},
    {"csrf": "\u00e9"},
]


@pytest.mark.parametrize("how", FOREIGN)
async def test_a_foreign_form_changes_nothing(city, how):
    mina = await city.join("mina")
    visitor = await city.visitor()
    post = await city.writes(mina)
    own = f"/posts/{post.id}/delete"
    for path in ("/write", own, "/settings/profile", "/settings/password", "/notifications/clear"):
        await mina.post(path, 403, **{"content": "x", "kind": "note", **how})
    await visitor.post("/sign-in", 403, **{"name": "mina", "password": PASSWORD, **how})
    await visitor.post("/sign-up", 403, **{"name": "eve", "password": PASSWORD, **how})
    assert (await city.db.read(reading.view, None, post.id)).post.content == post.content
    assert await city.db.read(accounts.by_handle, city.site, "eve") is None


async def test_the_token_of_one_person_is_no_good_for_another(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    await joon.post("/write", 403, csrf=await mina.token(), kind="note", content="x")
    visitor = await city.visitor()
    await joon.post("/write", 403, csrf=await visitor.token(), kind="note", content="x")


async def test_every_form_demands_its_token(city):
    """No POST of a page may be answered otherwise than by a refusal without the token."""
    mina = await city.join("mina", role="moderator")
    post = await city.writes(mina)
    new = NewCommunity(name="square", title="Square", kind="blog", keys=NO_KEYS)
    await city.db.write(communities.create, city.site, new, now_ms())
    for route in city.app.router.routes():
        path = route.resource.canonical
        if route.method != "POST" or path.startswith(("/api", "/oauth", "/inbox", "/actors")):
            continue
        if path in ("/language", "/theme", "/inbox"):
            continue
        if path == "/webmention" or path.endswith("/trackback"):  # for other sites
            continue
        address = path.replace("{id}", str(post.id)).replace("{act}", "like")
        address = address.replace("{decision}", "approve").replace("{tag}", "market")
        address = address.replace("{answer}", "accept").replace("{name}", "square")
        address = address.replace("{deed}", "lock").replace("{number}", "1")
        address = address.replace("{move}", "up").replace("{do}", "ask")
        address = address.replace("{book}", "1").replace("{handle}", "mina")
        address = address.replace("{account}", str(post.author_id))
        await mina.post(address, 403, csrf="")


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "javascript:x"],
)
async def test_a_form_never_leads_to_another_website(city, back):
    mina = await city.join("mina")
    post = await city.writes(mina)
    assert await mina.post(f"/posts/{post.id}/like", back=back) == f"/home#acts-{post.id}"
    visitor = await city.visitor()
    assert await visitor.post("/sign-in", name="mina", password=PASSWORD, next=back) == "/home"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 600_000, "application/x-www-form-urlencoded", 413),
        (b"--no\r\n", "multipart/form-data; boundary=yes", 422),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 422),
        (b"x", "multipart/form-data", 422),
        (
            CHARSET % (b"b" * 60, b"utf-8", b"b" * 60),
            "multipart/form-data; boundary=" + "b" * 60,
            422,
        ),
        (CHARSET % (b"x", b"u" * 100, b"x"), "multipart/form-data; boundary=x", 422),
        (b"\xff\xfe=%ff%fe&content=%00%ed%a0%80", "application/x-www-form-urlencoded", 403),
        (b"&".join(b"a=1" for _ in range(5000)), "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 403),
    ],
)
async def test_an_unreadable_form_is_refused_in_words(city, body, kind, status):
    mina = await city.join("mina")
    headers = {"Content-Type": kind}
    async with mina.client.post("/write", data=body, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        assert "<h1>" in await answer.text()


async def test_unknown_acts_are_not_found(city):
    mina = await city.join("mina")
    post = await city.writes(mina)
    await mina.post(f"/posts/{post.id}/explode", 404)
    await mina.post(f"/people/{mina.account.id}/explode", 404)
    await mina.post("/people/1/follow", 404)
    await mina.post("/posts/1/like", 404)
