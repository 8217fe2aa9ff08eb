"""Reporting somebody, and what moderators do with it."""

import re

import pytest

from server.services import new_reports
from tests.web.an_app import app_of, nobodys
from tests.web.html import HtmlPage
from tests.web.staff import rows, staff_of


async def report(app, who, *, expect=200, **more):
    return await app.post("/v1/reports", json={"account_id": who.id, **more}, expect=expect)


async def test_a_report_reaches_the_moderators_and_nobody_else(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await joon.says("Loud words")
    sent = await report(mina, joon, status_ids=[post["id"]], comment="They shout", category="spam")
    assert (sent["action_taken"], sent["category"], sent["forwarded"]) == (False, "spam", False)
    assert sent["status_ids"] == [post["id"]]
    (told,) = await mod.get("/v1/notifications?types[]=admin.report")
    assert (told["account"]["id"], told["report"]["id"]) == (mina.id, sent["id"])
    assert await joon.get("/v1/notifications") == []
    (seen,) = await mod.get("/v1/admin/reports")
    assert seen["account"]["account"]["id"] == mina.id
    assert [one["content"] for one in seen["statuses"]] == ["<p>Loud words</p>"]


async def test_what_is_not_for_everybody_is_shown_to_moderators_by_a_report_alone(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    mina, joon, sora = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    await mina.post(f"/v1/accounts/{joon.id}/follow")
    close = await joon.says("For friends", visibility="private")
    secret = await joon.says("Other friends", visibility="private")
    await report(sora, joon, status_ids=[close["id"]], expect=404)
    await report(mina, joon, status_ids=[close["id"]])
    (seen,) = await mod.get("/v1/admin/reports")
    assert [one["id"] for one in seen["statuses"]] == [close["id"]]
    for post in (close, secret):
        await mod.get(f"/v1/statuses/{post['id']}", expect=404)
    page = await any_city.people[0].get("/reports")
    assert "For friends" in page.text
    assert "Other friends" not in page.text


@pytest.mark.parametrize(
    ("more", "expect"),
    [
        ({"account_id": "7"}, 404),
        ({"account_id": "x"}, 422),
        ({"account_id": ""}, 422),
        ({"status_ids": ["7"]}, 404),
        ({"status_ids": ["x"]}, 422),
        ({"comment": "x" * 1001}, 422),
        ({"category": "boring"}, 422),
        ({"category": "violation"}, 422),
        ({"rule_ids": ["99"]}, 422),
        ({"status_ids": [str(n) for n in range(1, 60)]}, 422),
    ],
)
async def test_forged_reports_are_not_kept(any_city, more, expect):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    await report(mina, joon, **more, expect=expect)
    await report(mina, mina, expect=403)
    await nobodys(any_city).post("/v1/reports", json={"account_id": joon.id}, expect=401)
    assert await rows(any_city, "SELECT id FROM report") == []


async def test_a_post_of_somebody_else_cannot_be_laid_at_ones_door(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    own = await mina.says("Mine")
    await report(mina, joon, status_ids=[own["id"]], expect=404)


async def test_rules_make_it_a_violation(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    sent = await report(mina, joon, rule_ids=["1", "2"], category="spam")
    assert (sent["category"], sent["rule_ids"]) == ("violation", ["1", "2"])
    (seen,) = await mod.get("/v1/admin/reports")
    assert [rule["id"] for rule in seen["rules"]] == ["1", "2"]
    path = f"/v1/admin/reports/{sent['id']}"
    assert (await mod.put(path, json={"category": "other"}))["rules"] == []
    await mod.put(path, json={"category": "violation", "rule_ids": ["77"]}, expect=422)
    await mod.put(path, json={"category": "odd"}, expect=422)


async def test_one_person_reports_another_only_so_often(any_city):
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    for _ in range(new_reports.MAX_ABOUT_ONE):
        await report(mina, joon)
    await report(mina, joon, expect=429)
    assert mina.headers["Retry-After"]


async def test_a_report_is_taken_up_closed_and_opened_again(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    path = f"/v1/admin/reports/{(await report(mina, joon))['id']}"
    taken = await mod.post(f"{path}/assign_to_self")
    assert taken["assigned_account"]["username"] == "mod"
    assert (await mod.post(f"{path}/unassign"))["assigned_account"] is None
    for _ in range(2):
        closed = await mod.post(f"{path}/resolve")
        assert closed["action_taken"] is True
        assert closed["action_taken_by_account"]["username"] == "mod"
    assert await mod.get("/v1/admin/reports") == []
    assert len(await mod.get(f"/v1/admin/reports?resolved=true&account_id={mina.id}")) == 1
    assert await mod.get(f"/v1/admin/reports?resolved=true&account_id={joon.id}") == []
    opened = await mod.post(f"{path}/reopen")
    assert (opened["action_taken"], opened["action_taken_at"]) == (False, None)
    assert len(await mod.get(f"/v1/admin/reports?target_account_id={joon.id}")) == 1
    await mod.get("/v1/admin/reports/7", expect=404)
    await mod.post("/v1/admin/reports/7/resolve", expect=404)


async def test_a_decision_closes_what_was_reported_and_a_word_only_its_own_report(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    mina, sora, joon = [await app_of(any_city, name) for name in ("mina", "sora", "joon")]
    post = await joon.says("Loud")
    first = await report(mina, joon, status_ids=[post["id"]])
    await report(sora, joon)
    sent = {"type": "none", "report_id": first["id"], "text": "Quiet, please"}
    await mod.post(f"/v1/admin/accounts/{joon.id}/action", json=sent)
    assert len(await mod.get("/v1/admin/reports")) == 1
    (told,) = await joon.get("/v1/notifications?types[]=moderation_warning")
    assert told["moderation_warning"]["status_ids"] == [post["id"]]
    await mod.post(f"/v1/admin/accounts/{joon.id}/action", json={"type": "silence"})
    assert await mod.get("/v1/admin/reports") == []
    await mod.post(
        f"/v1/admin/accounts/{mina.id}/action",
        json={"type": "none", "report_id": first["id"]},
        expect=404,
    )


async def test_the_form_says_where_something_is_missing(city):
    mina, joon = await city.join("mina"), await city.join("joon")
    post = await city.writes(joon, "Loud words")
    text = await mina.post("/report", 422, post=str(post.id), category="violation")
    rules = HtmlPage(text).main.one("details", open="")
    assert rules.one(id="rule-error").words == "Please choose the rule that is broken."
    assert 'id="comment-error"' not in text
    text = await mina.post("/report", 422, post=str(post.id), category="spam", comment="x" * 1001)
    assert 'id="comment-error"' in text


async def test_the_form_reports_and_the_pages_decide_and_hear_an_appeal(any_city):
    mod = await any_city.join("mod", role="moderator", language="ko")
    judge = await any_city.join("judge", role="admin")
    mina, joon = await any_city.join("mina"), await any_city.join("joon")
    post = await any_city.writes(joon, "Loud words")
    page = await mina.get(f"/@joon/{post.id}")
    assert f'href="/report?post={post.id}"' in page.text
    assert "Which rule?" in (await mina.get(f"/report?post={post.id}")).text
    await mina.get("/report?post=7", 404)
    await mina.get("/report", 404)
    assert await mina.post("/report", post=str(post.id), category="spam", comment="x") == (
        "/report/sent"
    )
    await mina.get("/report/sent")
    text = await mina.post("/report", 422, post=str(post.id), category="violation", comment="kept")
    assert "kept" in text
    page = await mod.get("/reports")
    assert "Loud words" in page.text
    about = f"/moderation/{joon.account.id}"
    await mina.get(about, 403)
    await mina.post(about, 403, action="suspend")
    assert "Loud words" in (await mod.get(about)).text
    assert await mod.post(about, action="silence", text="Too loud") == about
    await mod.post(about, 422, action="explode")
    assert "Too loud" in (await mod.get(about)).text
    assert "/moderation/" in (await mod.get("/reports?state=closed")).text
    notices = await joon.get("/notifications")
    found = re.search(r'href="(/warnings/\d+)"', notices.text)
    assert found
    link = found[1]
    page = await joon.get(link)
    assert "Too loud" in page.text
    assert "@mod" not in page.text
    assert ">Mod<" not in page.text
    await mina.get(link, 404)
    await joon.post(f"{link}/appeal", 422, text=" ")
    assert await joon.post(f"{link}/appeal", text="It was a festival") == link
    await joon.post(f"{link}/appeal", 409, text="again")
    told = "A moderator who did not take the decision looks at it, where there is one."
    assert told in (await joon.get(link)).main.words
    assert "It was a festival" in (await judge.get("/appeals")).text
    answer = f"/appeals/{link.rpartition('/')[2]}/accept"
    await mod.post(answer, 403)
    assert await judge.post(answer) == "/appeals"
    assert "was accepted" in (await joon.get(link)).text
    for path in (link, "/settings"):
        assert (await joon.get(path)).main.link("What moderators told me") == "/warnings"
    listed = await joon.get("/warnings")
    assert link in listed.text
    assert "the decision was taken back" in listed.main.words
    assert await mod.post(about, action="sensitive") == about
    assert await mod.post(f"{about}/undo", what="unsensitive") == about
    await mod.post(f"{about}/undo", 404, what="explode")
