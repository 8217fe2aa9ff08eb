"""Coming by invitation, leaving, reports: what members and moderators do besides writing."""

import re

import argon2
import msgspec
import pytest

from server import passwords
from server.clock import DAY_MS, now_ms
from server.errors import Conflict, Invalid, NotFound
from server.model import Account
from server.services import (
    accounts,
    departures,
    drafts,
    follows,
    invites,
    posts,
    sessions,
    standing,
)
from server.store import accounts as account_rows
from server.store import invites as invite_rows
from server.store import reports
from tests.server.world import NOW, SITE, join
from tests.web.city import COOKIE, HERE, PASSWORD, a_picture, upload
from tests.web.html import HtmlPage
from web import cli

by_invitation = pytest.mark.parametrize("any_city", ["invite"], indirect=True)

# --- invitations


@by_invitation
async def test_a_member_invites_somebody_with_a_link(any_city):
    mina, visitor = await any_city.join("mina"), await any_city.visitor()
    assert await mina.post("/invitations", uses="2") == "/invitations"
    page = await mina.get("/invitations")
    link = re.search(r"http://localhost:8080(/sign-up\?invite=[\w-]+)", page.text)[1]
    typed = (await visitor.get(link)).form("/sign-up").fields
    fields = {**typed, "name": "joon", "email": "joon@gm.example", "password": PASSWORD}
    assert await visitor.post("/sign-up", **fields) == "/settings?done=welcome"
    page = await mina.get("/invitations")
    assert "for 1 person" in page.text
    code = page.form("/invitations/revoke").fields["code"]
    joon = await any_city.join("joon2")
    await joon.post("/invitations/revoke", 404, code=code)
    assert await mina.post("/invitations/revoke", code=code) == "/invitations"
    assert "None is open" in (await mina.get("/invitations")).text
    eve = await any_city.visitor()
    typed = {"name": "eve", "email": "eve@gm.example", "password": PASSWORD, "invite": code}
    told = await eve.post("/sign-up", 422, **typed)
    assert "not valid any more" in told


@pytest.mark.parametrize("city", ["invite"], indirect=True)
async def test_an_invitation_for_nobody_or_for_crowds_is_refused(city):
    mina = await city.join("mina")
    for uses in ("0", "11", "-1", "x", "", "²", "9" * 5000):
        page = HtmlPage(await mina.post("/invitations", 422, uses=uses))
        assert page.faults == []
        assert 'id="uses-error"' in page.text
    for path in ("/home", "/settings"):
        assert 'href="/invitations"' in (await mina.get(path)).text
    visitor = await city.visitor()
    await visitor.get("/invitations")
    assert visitor.url == "/sign-in?next=/invitations"


async def test_where_nobody_needs_an_invitation_nobody_makes_one(city):
    mina = await city.join("mina")
    await mina.get("/invitations", 403)
    await mina.post("/invitations", 403, uses="1")
    assert 'href="/invitations"' not in (await mina.get("/settings")).text


def test_an_invitation_ends_with_its_days_its_uses_and_its_author(tx):
    mina = join(tx, "mina")
    code = invites.make(tx, mina.id, 2, 14, NOW)
    invites.use(tx, code, NOW + 14 * DAY_MS - 1)
    with pytest.raises(Invalid):
        invites.use(tx, code, NOW + 14 * DAY_MS)
    standing.suspend(tx, mina.id)
    with pytest.raises(Invalid):
        invites.use(tx, code, NOW)
    standing.restore(tx, mina.id)
    invites.use(tx, code, NOW)
    with pytest.raises(Invalid):
        invites.use(tx, code, NOW)
    assert invites.all(tx, mina.id, NOW) == []
    with pytest.raises(Invalid):
        invites.use(tx, "", NOW)


def test_a_person_has_ten_open_invitations_and_the_operator_as_many_as_needed(tx):
    mina = join(tx, "mina")
    codes = {invites.make(tx, mina.id, 1, 14, NOW) for _ in range(invites.MAX_OPEN)}
    assert len(codes) == invites.MAX_OPEN
    with pytest.raises(Conflict):
        invites.make(tx, mina.id, 1, 14, NOW)
    assert {one.code for one in invites.all(tx, mina.id, NOW)} == codes
    operators = [invites.make(tx, None, 200, 14, NOW) for _ in range(11)]
    with pytest.raises(NotFound):
        invites.revoke(tx, mina.id, operators[0])
    for uses, days in ((0, 1), (11, 1), (1, 0), (1, 366)):
        with pytest.raises(Invalid):
            invites.make(tx, mina.id, uses, days, NOW)


def test_housekeeping_forgets_invitations_that_are_over(tx):
    spent = invites.make(tx, None, 1, 14, NOW)
    invites.use(tx, spent, NOW)
    invites.make(tx, None, 1, 1, NOW)
    fresh = invites.make(tx, None, 1, 14, NOW)
    assert invite_rows.sweep(tx, NOW + 2 * DAY_MS) == 2
    invites.use(tx, fresh, NOW + 2 * DAY_MS)


def test_the_operator_makes_a_link_and_hears_when_it_works(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MADANG_REGISTRATIONS__MODE", "invite")
    assert cli.main(["migrate"]) == 0
    capsys.readouterr()
    assert cli.main(["account", "invite", "--uses", "20"]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"http://localhost:8080/sign-up\?invite=[\w-]{16}\n", out)
    assert err == ""
    for wrong in (("--uses", "0"), ("--uses", "1001"), ("--days", "366")):
        assert cli.main(["account", "invite", *wrong]) == 1
        assert "lets in 1 to" in (said := capsys.readouterr().err) or "counts for 1 to" in said
    monkeypatch.setenv("MADANG_REGISTRATIONS__MODE", "open")
    assert cli.main(["account", "invite"]) == 0
    assert 'it is "open" now' in capsys.readouterr().err


# --- leaving


async def test_somebody_leaves_and_nothing_of_theirs_stays(any_city):
    mina, joon = await any_city.visitor(), await any_city.join("joon")
    account = (await any_city.join("mina")).account
    await mina.post("/sign-in", name="mina", password=PASSWORD)
    mina.account = account
    await upload(mina, "/settings/profile", display_name="Mina", avatar=a_picture())
    story = await upload(
        mina, "/write", kind="story", title="T", content="C", picture_1=a_picture()
    )
    answer = await any_city.writes(joon, "@mina yes", reply_to_id=int(story.rpartition("/")[2]))
    await upload(mina, "/write", kind="note", content="Later", do="draft", picture_1=a_picture())
    await joon.post(f"/people/{mina.account.id}/follow")
    page = await mina.get("/settings/leave")
    for told in ("cannot be undone", "other servers", "@mina is not free again"):
        assert told in page.text

    assert await mina.post("/settings/leave", password=PASSWORD) == "/farewell"
    cookies = {cookie.key for cookie in mina.client.session.cookie_jar}
    assert COOKIE not in cookies
    mina.account = None
    page = await mina.get("/farewell")
    assert "Thank you for having been here" in page.text
    assert 'href="/sign-in"' in page.text

    await joon.get("/@mina", 410)
    await joon.get(story, 410)
    assert "yes" in (await joon.get(f"/@joon/{answer.id}")).text
    assert "Nobody is here" in (await joon.get("/@joon/following")).text
    await mina.post("/sign-in", 422, name="mina", password=PASSWORD)
    typed = {"name": "mina", "email": "new@gm.example", "password": PASSWORD}
    assert "is taken" in await mina.post("/sign-up", 409, **typed)
    left = await any_city.db.read(files_and_drafts)
    assert left == {"draft": 0, "media": 0, "member": 1}


def files_and_drafts(db):
    """Drafts and members; pictures whose files housekeeping would keep."""
    return {
        "draft": db.one("SELECT count(*) AS n FROM draft")["n"],
        "media": db.one("SELECT count(*) AS n FROM media WHERE created_ms > 0")["n"],
        "member": db.one("SELECT count(*) AS n FROM member")["n"],
    }


async def test_leaving_needs_the_password_and_five_guesses_are_all(city):
    mina = await city.join("mina")
    for _ in range(5):
        page = HtmlPage(await mina.post("/settings/leave", 422, password="wrong"))  # noqa: S106
        assert page.faults == []
        assert 'id="password-error"' in page.text
    assert "five minutes" in await mina.post("/settings/leave", 429, password=PASSWORD)
    await mina.post("/settings/password", 429, old_password=PASSWORD, password="x")  # noqa: S106
    assert (await city.db.read(accounts.visible, mina.account.id)).state == "active"


async def test_the_only_administrator_stays(city):
    mayor, clerk = await city.join("mayor", role="admin"), await city.join("clerk", role="admin")
    await city.join("mod", role="moderator")
    assert await mayor.post("/settings/leave", password=PASSWORD) == "/farewell"
    told = await clerk.post("/settings/leave", 409, password=PASSWORD)
    assert "only administrator" in told
    assert (await city.db.read(accounts.visible, clerk.account.id)).state == "active"


async def test_what_a_person_left_behind_is_not_in_their_successors_way(city):
    mina = await city.join("mina")
    token = await city.db.write(sessions.sign_in, mina.account.id, "Other", "::1", now_ms())
    await city.db.write(departures.leave, city.site, mina.account, now_ms())
    assert await city.db.read(sessions.by_token, token, now_ms()) is None
    assert await city.db.read(drafts.all, mina.account.id) == []
    again = await city.visitor()
    typed = {"name": "mina2", "email": "mina@gm.example", "password": PASSWORD}
    assert await again.post("/sign-up", **typed) == "/settings?done=welcome"


# --- signing in


def test_people_are_known_at_the_door_by_name_handle_and_address(tx):
    mina = join(tx, "mina")
    for typed in ("mina", "@mina", "mina@here.test", "MINA@HERE.TEST", "@mina@here.test"):
        member = accounts.named(tx, SITE, typed)
        assert member and member.account_id == mina.id, typed
    for typed in ("", "@", "min", "mina@far.test"):
        assert accounts.named(tx, SITE, typed) is None


# --- reports


async def report(city, **more):
    """A Flag as another server sends it: in the name of its instance actor."""
    server = accounts.blank(HERE, 77, "far.example", "Application", now_ms())
    server = msgspec.structs.replace(server, uri="https://far.example/actor", domain="far.example")

    def store(tx):
        if account_rows.by_id(tx, server.id) is None:
            account_rows.insert(tx, server)
        row = {"id": 5, "uri": "https://far.example/flags/5", "reporter_id": server.id}
        about = {"target_id": None, "objects": "[]", "comment": "", "now_ms": now_ms()}
        return reports.insert(tx, **{**row, **about, **more})

    return await city.db.write(store)


async def test_a_report_waits_for_a_moderator_until_it_is_done(any_city):
    moderator = await any_city.join("mod", role="moderator", language="ko")
    mina = await any_city.join("mina")
    story = await any_city.writes(mina, "Loud words")
    secret = await any_city.writes(mina, "For friends", visibility="followers")
    gone = await any_city.writes(mina, "Regretted")
    await any_city.db.write(posts.delete, any_city.site, mina.account, gone.id, now_ms())
    uris = [mina.account.uri, story.uri, secret.uri, gone.uri, "https://far.example/none"]
    objects = msgspec.json.encode(uris).decode()
    comment = "They shout.\n<script>x</script>"
    assert await report(any_city, target_id=mina.account.id, objects=objects, comment=comment)
    page = await moderator.get("/reports")
    assert page.language == "ko"
    for told in ("@far.example@far.example", f"/@mina/{story.id}", "Loud words", "They shout."):
        assert told in page.text
    for hidden in ("For friends", "<script>", f"/@mina/{secret.id}", f"/@mina/{gone.id}"):
        assert hidden not in page.text
    assert 'href="/@far.example@far.example"' not in page.text
    assert 'href="/reports"' in (await moderator.get("/pending")).text

    assert await moderator.post("/reports/5/done") == "/reports"
    assert "신고된 것이 없습니다" in (await moderator.get("/reports")).text
    assert "이미 처리" in await moderator.post("/reports/5/done", 409)
    assert "Loud words" in (await mina.get(f"/@mina/{story.id}")).text


async def test_reports_are_for_moderators(city):
    mina, visitor = await city.join("mina"), await city.visitor()
    await report(city, target_id=mina.account.id)
    await mina.get("/reports", 403)
    await mina.post("/reports/5/done", 403)
    await visitor.get("/reports")
    assert visitor.url == "/sign-in?next=/reports"
    assert 'href="/reports"' not in (await mina.get("/home")).text


async def test_a_report_without_words_about_somebody_who_left_can_still_be_read(city):
    moderator, mina = await city.join("mod", role="admin"), await city.join("mina")
    await report(city, target_id=mina.account.id)
    await report(city, id=6, uri="https://far.example/flags/6")
    await city.db.write(departures.leave, city.site, mina.account, now_ms())
    page = await moderator.get("/reports")
    assert "No reason was given." in page.text
    assert "@mina" in page.text
    assert 'href="/@mina"' not in page.text
    assert page.text.count("/done") == 2


def test_the_words_of_leaving_name_what_happens(tx):
    mina, joon = join(tx, "mina"), join(tx, "joon")
    invites.make(tx, mina.id, 1, 14, NOW)
    follows.follow(tx, SITE, joon, mina.id, NOW)
    departures.leave(tx, SITE, mina, NOW)
    left = account_rows.by_id(tx, mina.id)
    assert isinstance(left, Account)
    assert (left.state, left.display_name, left.avatar, left.followers_count) == ("gone", "", "", 0)
    assert account_rows.member(tx, mina.id) is None
    assert invites.all(tx, mina.id, NOW) == []


async def test_a_password_hashed_with_weaker_settings_is_hashed_anew_at_the_next_sign_in(any_city):
    mina = await any_city.join("mina")
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await any_city.db.write(accounts.renew_hash, mina.account.id, weak)
    visitor = await any_city.visitor()
    await visitor.post("/sign-in", name="mina", password=PASSWORD)
    kept = (await any_city.db.read(account_rows.member, mina.account.id)).password
    assert kept != weak
    assert await passwords.verify(kept, PASSWORD)
    again = await any_city.visitor()
    assert await again.post("/sign-in", name="mina", password=PASSWORD) == "/home"
