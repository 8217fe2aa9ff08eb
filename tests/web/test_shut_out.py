"""Whoever is suspended or locked signs in to read why and to appeal, and to nothing else."""

import re
from types import SimpleNamespace

import pytest

from server.clock import now_ms
from server.services import moderation, sessions, standing
from server.services.deeds import Moderator
from server.services.moderation import Decision
from server.store import accounts as rows
from tests.server.world import changed, dump
from tests.web.city import COOKIE, PASSWORD, start, stop

HOW = ("suspend", "disable")
OWN = {"/warnings", "/warnings/{id}"}
QUIET = {"session", "login_failure", "job", "outbox", "delivery"}


@pytest.fixture
async def city(sqlite_template, tmp_path):
    (tmp_path / "city.db").write_bytes(sqlite_template.read_bytes())
    found = await start(f"sqlite:{tmp_path}/city.db", tmp_path)
    yield found
    await stop(found)


@pytest.fixture(params=HOW)
async def scene(request, city):
    """Mina, whom a moderator shut out, on the page to which she signed in; Joon, who is fine."""
    mod, mina, joon = [await city.join(name) for name in ("mod", "mina", "joon")]
    post = await city.writes(mina, "Something of mina")
    await city.db.write(standing.set_role, mod.account.id, "admin")
    await decide(city, mod, mina, request.param)
    assert await signs_in(mina) == "/warnings"
    page = await mina.get("/warnings")
    (link,) = set(re.findall(r'href="(/warnings/\d+)"', page.text))
    return SimpleNamespace(city=city, mod=mod, mina=mina, joon=joon, link=link, post=post)


async def decide(city, mod, about, action):
    def decided(tx):
        by = Moderator(mod.account, "admin")
        told = Decision(action=action, text="Too loud")
        moderation.decide(tx, city.site, by, about.account.id, told, now_ms())

    await city.db.write(decided)


async def signs_in(person, next=""):
    person.client.session.cookie_jar.clear()  # the session that ended
    account, person.account = person.account, None
    token = await person.token()
    person.account = account
    return await person.post(
        "/sign-in",
        data={"csrf": token, "name": account.name, "password": PASSWORD, "next": next},
    )


def own_token(page):
    return next(f.fields["csrf"] for f in page.forms if "csrf" in f.fields)


async def test_they_read_why_and_appeal_and_leave(scene):
    page = await scene.mina.get(scene.link)
    assert "Too loud" in page.text
    assert "Your account is closed" in page.text
    said = {"csrf": own_token(page), "text": "It was a festival"}
    assert await scene.mina.post(f"{scene.link}/appeal", data=said) == scene.link
    assert "It was a festival" in (await scene.mina.get(scene.link)).text
    await scene.mina.post(f"{scene.link}/appeal", 409, data=said)
    assert await scene.mina.post("/sign-out", data=said) == "/"
    await scene.mina.get("/warnings")
    assert scene.mina.url.startswith("/sign-in")


async def test_an_appeal_that_is_heard_opens_everything_again(scene):
    page = await scene.mina.get(scene.link)
    said = {"csrf": own_token(page), "text": "It was a festival"}
    await scene.mina.post(f"{scene.link}/appeal", data=said)
    by = Moderator(scene.mod.account, "admin")
    id = int(scene.link.rpartition("/")[2])
    await scene.city.db.write(moderation.answer_appeal, by, id, agree=True, now_ms=now_ms())
    await scene.mina.get("/home")
    assert scene.mina.url == "/home"


async def test_a_foreign_form_does_not_appeal(scene):
    for csrf in ("", "x"):
        await scene.mina.post(f"{scene.link}/appeal", 403, data={"csrf": csrf, "text": "No"})
    page = await scene.mina.get(scene.link)
    foreign = {"headers": {"Sec-Fetch-Site": "cross-site"}}
    said = {"csrf": own_token(page), "text": "No"}
    await scene.mina.post(f"{scene.link}/appeal", 403, data=said, **foreign)
    assert "festival" not in (await scene.mina.get(scene.link)).text


async def test_what_others_were_told_stays_theirs(scene):
    await decide(scene.city, scene.mod, scene.joon, "silence")
    page = await scene.joon.get("/warnings")
    (link,) = set(re.findall(r'href="(/warnings/\d+)"', page.text))
    await scene.mina.get(link, 404)
    said = {"csrf": own_token(await scene.mina.get(scene.link)), "text": "x"}
    await scene.mina.post(f"{link}/appeal", 404, data=said)


def paths(scene, method):
    """The pages' addresses with something of hers in them."""
    for route in scene.city.app.router.routes():
        resource = route.resource
        if route.method != method or resource is None or resource.canonical.startswith("/api"):
            continue
        if resource.canonical in OWN or "live" in resource.canonical:
            continue
        named = resource.canonical.replace("{name}", "mina").replace("{handle}", "mina")
        path = re.sub(r"\{(?:id|post)\w*\}", str(scene.post.id), named)
        yield re.sub(r"\{\w+\}", "x", path)


async def answered(person, method, path, **sent):
    async with person.client.request(
        method, path, headers=person.headers, allow_redirects=False, **sent
    ) as answer:
        text = (await answer.read()).decode("utf-8", "replace")
        return answer.status, answer.headers.get("Location"), text


async def test_every_other_page_takes_them_for_a_visitor(scene):
    visitor, looked = await scene.city.visitor(), 0
    session = await scene.city.db.read(sessions.known, cookie(scene.mina), now_ms())
    for path in paths(scene, "GET"):
        hers, anybodys = [await answered(who, "GET", path) for who in (scene.mina, visitor)]
        assert hers[:2] == anybodys[:2], path
        assert session.csrf not in hers[2], path
        assert 'class="member"' not in hers[2], path
        looked += 1
    assert looked > 60


def cookie(person):
    return next(one.value for one in person.client.session.cookie_jar if one.key == COOKIE)


async def test_no_other_form_of_theirs_does_anything(scene):
    session = await scene.city.db.read(sessions.known, cookie(scene.mina), now_ms())
    before, sent = await scene.city.db.read(dump), 0
    said = {"csrf": session.csrf, "content": "I write", "text": "I write", "name": "mina"}
    for path in paths(scene, "POST"):
        if path in ("/sign-out", "/sign-in", "/inbox", f"/warnings/{scene.post.id}/appeal"):
            continue
        status, _, _ = await answered(scene.mina, "POST", path, data=said)
        assert status < 500, path
        sent += 1
    assert sent > 40
    after = await scene.city.db.read(dump)
    assert changed(before, after) - QUIET == set()


async def test_the_client_api_knows_no_session_of_theirs(scene):
    status, _, _ = await answered(scene.mina, "GET", "/api/v1/accounts/verify_credentials")
    assert status == 401
    assert await scene.city.db.read(sessions.by_token, cookie(scene.mina), now_ms()) is None


async def test_a_wrong_password_opens_not_even_this(city):
    mina = await city.join("mina")
    await city.db.write(standing.suspend, mina.account.id)
    visitor = await city.visitor()
    wrong = {"csrf": await visitor.token(), "name": "mina", "password": "wrong"}
    await visitor.post("/sign-in", 422, data=wrong)
    await visitor.get("/warnings")
    assert visitor.url.startswith("/sign-in")


async def test_whom_the_operator_suspended_is_told_whom_to_ask(city):
    mina = await city.join("mina")
    await city.db.write(standing.suspend, mina.account.id)
    assert await signs_in(mina, next="/write?draft=1") == "/warnings"
    assert "write to those who run this site" in (await mina.get("/warnings")).text


async def test_who_waits_for_approval_still_cannot_sign_in(city):
    mina = await city.join("mina")
    await city.db.write(rows.set_member, mina.account.id, state="pending")
    visitor = await city.visitor()
    asked = {"csrf": await visitor.token(), "name": "mina", "password": PASSWORD}
    await visitor.post("/sign-in", 403, data=asked)
    assert await city.db.read(sessions.known, cookie(mina), now_ms()) is None
