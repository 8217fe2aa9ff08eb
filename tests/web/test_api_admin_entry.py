"""Who may not join, servers kept away or quiet, figures and trends: for those who may decide it."""

import hashlib

import pytest

from server.clock import now_ms
from server.services import admissions
from tests.web.an_app import app_of, bearer
from tests.web.oauth_app import ask, register
from tests.web.staff import rows, staff_of
from web.fences import FENCES
from web.present.values import when

PASSWORD = "seven purple umbrellas"  # noqa: S105  for tests
CANONICAL = hashlib.sha256(b"minakim@gm.example").hexdigest()


async def join_by_page(city, name, email, status):
    visitor = await city.visitor()
    return await visitor.post(
        "/sign-up", status, name=name, email=email, password=PASSWORD, display_name=""
    )


async def test_an_email_provider_is_refused_at_both_doors(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    rule = await boss.post("/v1/admin/email_domain_blocks", json={"domain": "Spam.example"})
    assert (rule["domain"], len(rule["history"])) == ("spam.example", 7)
    text = await join_by_page(any_city, "ara", "ara@mail.spam.example", 422)
    assert "provider" in text
    faults = await join_by_app(any_city, "bora", "bora@spam.example", 422)
    assert faults["details"]["email"][0]["error"] == "ERR_BLOCKED"
    for sent in ({}, {"domain": "not a domain"}, {"domain": "spam.example"}):
        await boss.post("/v1/admin/email_domain_blocks", json=sent, expect=422)
    path = f"/v1/admin/email_domain_blocks/{rule['id']}"
    assert (await boss.get(path))["domain"] == "spam.example"
    await boss.get(f"/v1/admin/canonical_email_blocks/{rule['id']}", expect=404)
    assert await boss.delete(path) == {}
    await boss.get(path, expect=404)
    await join_by_page(any_city, "ara", "ara@mail.spam.example", 303)


async def join_by_app(city, name, email, expect=200):
    app = await register(city, scopes="read write")
    token = (await app.alone("read write"))["access_token"]
    sent = {
        "username": name,
        "email": email,
        "password": PASSWORD,
        "agreement": "true",
        "locale": "en",
    }
    return await ask(
        app.client, "POST", "/api/v1/accounts", expect, data=sent, headers=bearer(token)
    )


async def test_an_address_is_refused_in_all_its_spellings_and_kept_as_a_digest(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    sent = {"email": "Mina.Kim+news@gm.example"}
    rule = await boss.post("/v1/admin/canonical_email_blocks", json=sent)
    assert rule["canonical_email_hash"] == CANONICAL
    for email, found in (("m.i.n.a.kim@gm.example", [rule]), ("other@gm.example", [])):
        tested = await boss.post("/v1/admin/canonical_email_blocks/test", json={"email": email})
        assert tested == found
    await join_by_page(any_city, "mina", "minakim+x@gm.example", 422)
    for bad in ({}, {"email": "nobody"}, {"canonical_email_hash": "abc"}, sent):
        await boss.post("/v1/admin/canonical_email_blocks", json=bad, expect=422)
    again = {"canonical_email_hash": "0" * 64}
    assert (await boss.post("/v1/admin/canonical_email_blocks", json=again))["id"] != rule["id"]
    assert await boss.delete(f"/v1/admin/canonical_email_blocks/{rule['id']}") == {}
    await join_by_page(any_city, "mina", "minakim+x@gm.example", 303)


async def test_moderators_are_told_who_joins_by_either_door(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    await join_by_page(any_city, "ara", "ara@gm.example", 303)
    await join_by_app(any_city, "bora", "bora@gm.example")
    told = await mod.get("/v1/notifications?types[]=admin.sign_up")
    assert [one["account"]["username"] for one in told] == ["bora", "ara"]


async def test_where_people_come_from_decides_whether_they_join(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    path = "/v1/admin/ip_blocks"
    rule = await boss.post(
        path, json={"ip": "127.0.0.0/8", "severity": "sign_up_requires_approval", "comment": "x"}
    )
    assert (rule["ip"], rule["expires_at"]) == ("127.0.0.0/8", None)
    await join_by_page(any_city, "ara", "ara@gm.example", 200)
    (waits,) = await rows(any_city, "SELECT state FROM member WHERE email = 'ara@gm.example'")
    assert waits["state"] == "pending"
    await boss.put(f"{path}/{rule['id']}", json={"severity": "sign_up_block"})
    await join_by_page(any_city, "bora", "bora@gm.example", 403)
    await join_by_app(any_city, "chan", "chan@gm.example", 403)
    await boss.put(f"{path}/{rule['id']}", json={"severity": "no_access"}, expect=422)
    await boss.put(f"{path}/{rule['id']}", json={"expires_in": 0})
    await join_by_page(any_city, "bora", "bora@gm.example", 303)
    assert await boss.delete(f"{path}/{rule['id']}") == {}
    await boss.get(f"{path}/{rule['id']}", expect=404)
    for bad in (
        {},
        {"ip": "x", "severity": "no_access"},
        {"ip": "1.2.3.4", "severity": "odd"},
        {"ip": "1.2.3.4", "severity": "no_access", "expires_in": "x"},
        {"ip": "1.2.3.4", "severity": "no_access", "comment": "x" * 3000},
    ):
        await boss.post(path, json=bad, expect=422)
    assert await boss.get(path) == []


async def test_nobody_gets_in_from_where_nobody_may(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    visitor = await any_city.visitor()
    await visitor.get("/")

    def shut(tx):
        tx.run(
            "INSERT INTO ip_rule (id, network, severity, created_ms) VALUES"
            " (1, '203.0.113.0/24', 'no_access', 1),"
            " (2, '0.0.0.0/0', 'sign_up_block', 1), (3, '127.0.0.0/8', 'no_access', 1)"
        )

    await any_city.db.write(shut)
    any_city.app[FENCES].forget()
    there = {"X-Forwarded-For": "203.0.113.7"}
    for path, status in {
        "/": 403,
        "/api/v1/instance": 403,
        "/healthz": 200,
        "/readyz": 200,
        "/static/theme.js": 404,
    }.items():
        async with visitor.client.get(path, headers=there) as answer:
            assert answer.status == status, path
    await boss.get("/v1/admin/accounts")  # this machine, and the proxy on it, are never kept out


async def test_half_the_world_is_not_shut_out_by_a_slip(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    path = "/v1/admin/ip_blocks"
    for network, status in {"8.0.0.0/7": 422, "2000::/15": 422, "8.0.0.0/8": 200}.items():
        rule = {"ip": network, "severity": "no_access"}
        await boss.post(path, json=rule, expect=status)
    # who may join is not who may read
    await boss.post(path, json={"ip": "8.0.0.0/6", "severity": "sign_up_requires_approval"})


async def test_a_server_is_kept_away_changed_and_let_in_again(any_city):
    boss = await staff_of(any_city, "boss", "admin")
    path = "/v1/admin/domain_blocks"
    block = await boss.post(path, json={"domain": "Bad.example"})
    assert (block["severity"], block["domain"], block["public_comment"]) == (
        "silence",
        "bad.example",
        None,
    )
    other = await boss.post(path, json={"domain": "worse.example", "severity": "suspend"})
    assert int(other["id"]) > int(block["id"])
    changed = await boss.put(
        f"{path}/{block['id']}",
        json={"severity": "suspend", "public_comment": "spam", "obfuscate": True},
    )
    assert (changed["severity"], changed["id"]) == ("suspend", block["id"])
    shown = await boss.get("/v1/instance/domain_blocks")
    assert {one["severity"] for one in shown} == {"suspend"}
    assert "bad.example" not in str(shown)
    for bad in (
        {},
        {"domain": "no domain"},
        {"domain": "bad.example"},
        {"domain": "x.example", "severity": "odd"},
        {"domain": "localhost"},
        {"domain": "x.example", "public_comment": "x" * 3000},
    ):
        await boss.post(path, json=bad, expect=422)
    assert await boss.delete(f"{path}/{block['id']}") == {}
    await boss.get(f"{path}/{block['id']}", expect=404)
    assert [one["id"] for one in await boss.get(path)] == [other["id"]]
    allowed = await boss.post("/v1/admin/domain_allows", json={"domain": "friend.example"})
    await boss.get(f"{path}/{allowed['id']}", expect=404)
    assert await boss.get("/v1/admin/domain_allows") == [allowed]
    assert (await boss.get(f"/v1/admin/domain_allows/{allowed['id']}"))["domain"]
    assert await boss.delete(f"/v1/admin/domain_allows/{allowed['id']}") == allowed
    await boss.post("/v1/admin/domain_allows", json={}, expect=422)


async def test_figures_count_what_happened(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    mina, joon = await app_of(any_city, "mina"), await app_of(any_city, "joon")
    post = await mina.says("#market", language="ko")
    await joon.does("favourite", post)
    await joon.says("Yes", in_reply_to_id=post["id"])
    day = when(now_ms())[:10]
    asked = {
        "keys": [
            "active_users",
            "new_users",
            "interactions",
            "tag_uses",
            "instance_accounts",
            "instance_media_attachments",
            "nonsense",
        ],
        "start_at": day,
        "end_at": day,
        "tag_uses": {"id": "Market"},
        "instance_accounts": {"domain": "far.example"},
    }
    found = {one["key"]: one for one in await mod.post("/v1/admin/measures", json=asked)}
    totals = {key: one["total"] for key, one in found.items()}
    assert totals == {
        "active_users": "2",
        "new_users": "3",
        "interactions": "2",
        "tag_uses": "1",
        "instance_accounts": "0",
        "instance_media_attachments": "0",
    }
    assert [one["value"] for one in found["new_users"]["data"]] == ["3"]
    keys = [
        "languages",
        "sources",
        "servers",
        "software_versions",
        "space_usage",
        "tag_languages",
        "tag_servers",
        "instance_accounts",
        "instance_languages",
    ]
    most = await mod.post(
        "/v1/admin/dimensions", json={"keys": keys, "tag_languages": {"id": "market"}}
    )
    assert [one["key"] for one in most] == keys
    assert {one["key"]: one["value"] for one in most[0]["data"]} == {"en": "1", "ko": "1"}
    for frequency in ("day", "month"):
        stayed = {"start_at": day, "end_at": day, "frequency": frequency}
        (cohort,) = await mod.post("/v1/admin/retention", json=stayed)
        assert cohort["data"][0] == {**cohort["data"][0], "rate": 1.0, "value": "3"}
    assert await mod.post("/v1/admin/retention", json={}) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"start_at": "x", "end_at": "2026-01-01"},
        {"start_at": "1900-01-01", "end_at": "2026-01-01"},
        {"start_at": "2020-01-01", "end_at": "2026-01-01"},
        {"start_at": "2026-02-01", "end_at": "2026-01-01"},
        {"start_at": "9999-12-31", "end_at": "9999-12-31"},
    ],
)
async def test_figures_of_no_time_or_of_all_times_are_refused(city, sent):
    mod = await staff_of(city, "mod", "moderator")
    for path in ("measures", "dimensions", "retention"):
        await mod.post(f"/v1/admin/{path}", json={"keys": ["new_users"], **sent}, expect=422)


async def test_what_is_rejected_trends_no_more_and_moderators_still_see_it(any_city):
    mod = await staff_of(any_city, "mod", "moderator")
    page = "https://news.example/market"
    people = [await app_of(any_city, name) for name in ("mina", "joon", "sora")]
    said = [await who.says(f"#market {page}") for who in people]
    for who in people[1:]:
        await who.does("favourite", said[0])

    def read_pages(tx):
        tx.run("UPDATE link_preview SET state = 'ready', title = 'The market moves'")

    await any_city.db.write(read_pages)
    for kind in ("tags", "statuses", "links"):
        (one,) = await mod.get(f"/v1/admin/trends/{kind}")
        assert one["requires_review"] is True
        path = f"/v1/admin/trends/{kind}/{one['id']}"
        assert (await mod.post(f"{path}/reject"))["requires_review"] is False
        assert await mod.get(f"/v1/trends/{kind}") == [], kind
        assert len(await mod.get(f"/v1/admin/trends/{kind}")) == 1
        await mod.post(f"{path}/approve")
        assert len(await mod.get(f"/v1/trends/{kind}")) == 1, kind
    assert (await mod.put("/v1/admin/tags/market", json={"trendable": False}))["trendable"] is False
    assert (await mod.get("/v1/admin/tags/market"))["trendable"] is False
    for path in ("tags/%20", "statuses/7", "links/7"):
        await mod.post(f"/v1/admin/trends/{path}/approve", expect=404)


def test_addresses_are_the_same_but_for_what_providers_ignore():
    same = {
        admissions.canonical_digest(one) for one in ("minakim@gm.example", "M.ina.kim+a@GM.example")
    }
    assert same == {CANONICAL}
