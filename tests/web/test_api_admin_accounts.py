"""What moderators see of people and decide about them, from their apps."""

import pytest

from server.clock import now_ms
from server.services import accounts, moderation, standing
from server.services.deeds import Moderator
from tests.web.an_app import app_of, nobodys
from tests.web.city import HASH, NO_KEYS
from tests.web.staff import ADMIN, rows, staff_of

ENDPOINTS = (
    ("GET", "/v1/admin/accounts"),
    ("GET", "/v2/admin/accounts"),
    ("GET", "/v1/admin/accounts/1"),
    ("POST", "/v1/admin/accounts/1/action"),
    ("DELETE", "/v1/admin/accounts/1"),
    ("GET", "/v1/admin/reports"),
    ("POST", "/v1/admin/reports/1/resolve"),
    ("GET", "/v1/admin/domain_blocks"),
    ("POST", "/v1/admin/domain_allows"),
    ("GET", "/v1/admin/email_domain_blocks"),
    ("POST", "/v1/admin/canonical_email_blocks/test"),
    ("GET", "/v1/admin/ip_blocks"),
    ("POST", "/v1/admin/measures"),
    ("POST", "/v1/admin/dimensions"),
    ("POST", "/v1/admin/retention"),
    ("GET", "/v1/admin/trends/tags"),
)


async def act(app, who, type, *, expect=200, **more):
    sent = {"type": type, **more}
    return await app.post(f"/v1/admin/accounts/{who.id}/action", json=sent, expect=expect)


async def test_neither_a_scope_nor_a_role_alone_opens_any_of_it(any_city):
    member = await app_of(any_city, "mina", ADMIN)
    narrow = await staff_of(any_city, "moda", "moderator", "read write follow push")
    officer = await staff_of(any_city, "hall", "officer")
    for method, path in ENDPOINTS:
        for app in (member, narrow, officer):
            await app.ask(method, path, expect=403)
        await nobodys(any_city).ask(method, path, expect=401)


async def test_a_role_that_is_taken_away_ends_what_its_token_may(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    await mod.get("/v1/admin/accounts")
    await any_city.db.write(standing.set_role, mod.account.id, "member")
    await mod.get("/v1/admin/accounts", expect=403)


async def test_servers_and_addresses_are_for_administrators(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    boss = await staff_of(any_city, "boss", "admin")
    for path in ("domain_blocks", "domain_allows", "email_domain_blocks", "ip_blocks"):
        await mod.get(f"/v1/admin/{path}", expect=403)
        assert await boss.get(f"/v1/admin/{path}") == []


async def test_people_are_found_by_what_they_are_and_are_called(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    mod = await staff_of(any_city, "mod", "moderator")
    mina = await app_of(any_city, "mina")

    async def found(path):
        return [one["username"] for one in await boss.get(path)]

    assert await found("/v1/admin/accounts") == ["mina", "mod", "boss"]
    assert await found("/v1/admin/accounts?staff=true") == ["mod", "boss"]
    assert await found("/v2/admin/accounts?role_ids[]=1") == ["mod"]
    assert await found("/v2/admin/accounts?permissions=staff&username=bo") == ["boss"]
    assert await found("/v2/admin/accounts?email=MINA@gm.example") == ["mina"]
    assert await found("/v2/admin/accounts?ip=127.0.0.1&username=mina") == ["mina"]
    assert await found("/v2/admin/accounts?display_name=min") == ["mina"]
    assert await found("/v2/admin/accounts?username=%25") == []
    assert await found("/v2/admin/accounts?origin=remote") == []
    assert await found("/v2/admin/accounts?invited_by=1") == []
    assert await found("/v1/admin/accounts?limit=1") == ["mina"]
    assert f"max_id={mina.id}" in boss.link
    await boss.get("/v2/admin/accounts?status=nonsense", expect=422)
    one = await boss.get(f"/v1/admin/accounts/{mina.id}")
    assert (one["email"], one["role"]["id"], one["approved"]) == ("mina@gm.example", "-99", True)
    assert one["ip"] == "127.0.0.1"
    await boss.get("/v1/admin/accounts/7", expect=404)
    assert mod.account.id


async def test_a_decision_is_told_with_its_reason_and_without_a_name(any_city):
    mod, mina = await staff_of(any_city, "mod", "moderator"), await app_of(any_city, "mina")
    assert await act(mod, mina, "none", text="Please be kind") == {}
    (told,) = await mina.get("/v1/notifications?types[]=moderation_warning")
    warning = told["moderation_warning"]
    assert (warning["action"], warning["text"]) == ("none", "Please be kind")
    assert told["account"]["id"] == warning["target_account"]["id"] == mina.id
    assert str(mod.account.id) not in str(told)
    (deed,) = await rows(any_city, "SELECT * FROM moderation_log")
    assert (deed["action"], deed["target"]) == ("none", f"account:{mina.id}")


@pytest.mark.parametrize(
    ("type", "key", "undo"),
    [
        ("sensitive", "sensitized", "unsensitive"),
        ("silence", "silenced", "unsilence"),
        ("disable", "disabled", "enable"),
        ("suspend", "suspended", "unsuspend"),
    ],
)
async def test_what_is_decided_holds_until_it_is_undone(any_city, type, key, undo):
    mod, mina = await staff_of(any_city, "mod", "moderator"), await app_of(any_city, "mina")
    await act(mod, mina, type)
    assert (await mod.get(f"/v1/admin/accounts/{mina.id}"))[key] is True
    status = {"sensitive": "sensitized", "silence": "silenced"}.get(type, f"{type}d")
    status = status.replace("suspendd", "suspended")
    assert len(await mod.get(f"/v2/admin/accounts?status={status}")) == 1
    after = await mod.post(f"/v1/admin/accounts/{mina.id}/{undo}")
    assert after[key] is False
    again = 403 if undo == "unsuspend" else 200
    await mod.post(f"/v1/admin/accounts/{mina.id}/{undo}", expect=again)


async def test_who_is_locked_is_signed_out_and_who_is_suspended_is_gone(any_city):
    mod, mina = await staff_of(any_city, "mod", "moderator"), await app_of(any_city, "mina")
    browser = any_city.people[-1]
    post = await mina.says("Hello")
    await act(mod, mina, "disable")
    await mina.get("/v1/timelines/home", expect=403)
    await browser.get("/home")
    assert browser.url.startswith("/sign-in")
    await act(mod, mina, "suspend")
    await mina.get("/v1/timelines/home", expect=401)
    await mod.get(f"/v1/statuses/{post['id']}", expect=404)
    assert (await mod.get(f"/v1/accounts/{mina.id}"))["suspended"] is True
    await mod.ask("DELETE", f"/v1/admin/accounts/{mina.id}", expect=403)


async def test_only_what_is_suspended_can_be_deleted_and_by_administrators_alone(any_city):
    boss, mina = await staff_of(any_city, "boss", "admin"), await app_of(any_city, "mina")
    await boss.delete(f"/v1/admin/accounts/{mina.id}", expect=403)
    await act(boss, mina, "suspend", text="x")
    assert (await boss.delete(f"/v1/admin/accounts/{mina.id}"))["username"] == "mina"
    await boss.get(f"/v1/admin/accounts/{mina.id}", expect=404)
    await boss.get(f"/v1/accounts/{mina.id}", expect=410)


async def test_nobody_decides_about_an_equal_or_themself(any_city):
    mod, other = [await staff_of(any_city, name, "moderator") for name in ("mod", "other")]
    boss = await staff_of(any_city, "boss", "admin")
    for who in (mod, other, boss):
        await act(mod, who, "suspend", expect=403)
        await mod.post(f"/v1/admin/accounts/{who.id}/unsilence", expect=403)
    await act(boss, boss, "none", expect=403)
    await act(boss, mod, "none")


@pytest.mark.parametrize(
    ("sent", "expect"),
    [
        ({}, 422),
        ({"type": "explode"}, 422),
        ({"type": "none", "text": "x" * 5001}, 422),
        ({"type": "none", "report_id": "7"}, 404),
        ({"type": "none", "report_id": "x"}, 422),
        ({"type": ["none"]}, 422),
    ],
)
async def test_forged_decisions_change_nothing(any_city, sent, expect):
    mod, mina = await staff_of(any_city, "mod", "moderator"), await app_of(any_city, "mina")
    await mod.post(f"/v1/admin/accounts/{mina.id}/action", json=sent, expect=expect)
    assert await rows(any_city, "SELECT id FROM warning") == []
    await mod.post("/v1/admin/accounts/x/action", json={"type": "none"}, expect=404)


async def test_who_waits_is_let_in_or_turned_away_once(any_city):
    mod = await staff_of(any_city, "mod", "moderator")

    async def waits(name):
        new = NEW | {"name": name, "email": f"{name}@gm.example"}
        made = accounts.NewAccount(**new, password=HASH[0], keys=NO_KEYS)
        return await any_city.db.write(accounts.create, any_city.site, made, now_ms())

    ara, bora = await waits("ara"), await waits("bora")
    listed = await mod.get("/v1/admin/accounts?pending=true")
    assert [(one["username"], one["invite_request"]) for one in listed] == [
        ("bora", "I live here"),
        ("ara", "I live here"),
    ]
    await mod.post(f"/v1/admin/accounts/{ara.id}/action", json={"type": "silence"}, expect=403)
    assert (await mod.post(f"/v1/admin/accounts/{ara.id}/approve"))["approved"] is True
    assert (await mod.post(f"/v1/admin/accounts/{bora.id}/reject"))["username"] == "bora"
    await mod.post(f"/v1/admin/accounts/{ara.id}/reject", expect=403)
    await mod.post(f"/v1/admin/accounts/{bora.id}/approve", expect=404)


NEW = {"state": "pending", "reason": "I live here"}


async def test_apps_learn_from_the_role_what_it_may(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    mod, mina = await staff_of(any_city, "mod", "moderator"), await app_of(any_city, "mina")

    async def role(app):
        return (await app.get("/v1/accounts/verify_credentials"))["role"]

    may = {
        name: int((await role(app))["permissions"])
        for name, app in (("boss", boss), ("mod", mod), ("mina", mina))
    }
    assert may["mina"] == 0
    assert may["mod"] & 0x410 == 0x410
    assert not may["mod"] & (0x1 | 0x20 | 0x80 | 0x80000)
    assert may["boss"] & 0x1
    shown = (await mina.get(f"/v1/accounts/{mod.id}"))["roles"]
    assert shown == [{"id": "1", "name": "moderator", "color": ""}]
    assert (await mina.get(f"/v1/accounts/{mina.id}"))["roles"] == []


async def test_an_appeal_is_judged_by_another_moderator_and_takes_the_decision_back(any_city):
    mod, other = [await staff_of(any_city, name, "moderator") for name in ("mod", "other")]
    mina = await app_of(any_city, "mina")
    await act(mod, mina, "silence", text="Too loud")
    (warning,) = await rows(any_city, "SELECT id FROM warning")
    db, id = any_city.db, int(str(warning["id"]))
    await db.write(moderation.appeal, mina.account.id, id, "It was a festival")
    with pytest.raises(Exception, match="Another moderator"):
        by = Moderator(mod.account, "moderator")
        await db.write(lambda tx: moderation.answer_appeal(tx, by, id, agree=True, now_ms=1))
    by = Moderator(other.account, "moderator")
    await db.write(lambda tx: moderation.answer_appeal(tx, by, id, agree=True, now_ms=1))
    assert (await mod.get(f"/v1/admin/accounts/{mina.id}"))["silenced"] is False
    (told,) = await mina.get("/v1/notifications?types[]=moderation_warning")
    assert told["moderation_warning"]["appeal"] == {
        "text": "It was a festival",
        "state": "approved",
    }
