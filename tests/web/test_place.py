"""What the city says of itself: rules, papers, neighbours, weeks."""

import hashlib

import pytest

from server.clock import DAY_MS, now_ms
from server.services import rules
from server.services.servers import WEEK_MS
from server.store import hosts


async def asked(city, path, status=200, language="en"):
    visitor = await city.visitor(language)
    answer = await visitor.client.get(
        f"/api/v1/instance/{path}", headers={"Accept-Language": language}
    )
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_the_rules_of_every_madang_are_told_in_the_readers_language(any_city):
    english, korean = await asked(any_city, "rules"), await asked(any_city, "rules", language="ko")
    assert [one["id"] for one in english] == ["1", "2", "3", "4"]
    assert english[0]["text"].startswith("Speak as you would")
    assert korean[0]["text"] != english[0]["text"]


async def test_a_citys_own_rules_take_their_place_everywhere(any_city):
    await any_city.db.write(rules.add, "Greet each other.", "In the lift too.", now_ms())
    second = await any_city.db.write(rules.add, "Share what you cook.", "", now_ms())
    told = await asked(any_city, "rules")
    assert [(one["text"], one["hint"]) for one in told] == [
        ("Greet each other.", "In the lift too."),
        ("Share what you cook.", ""),
    ]
    page = await (await any_city.visitor()).get("/about")
    assert "In the lift too." in page.text
    await any_city.db.write(rules.remove, second, now_ms())
    assert len(await asked(any_city, "rules")) == 1


async def test_a_paper_is_safe_html_and_has_a_page(any_city):
    source = "# Data\n\nWe keep <script>alert(1)</script> little."
    await any_city.db.write(rules.publish, "privacy-policy", source, now_ms(), now_ms())
    told = await asked(any_city, "privacy_policy")
    assert "<script" not in told["content"]
    assert "little" in told["content"]
    page = await (await any_city.visitor()).get("/about/privacy-policy")
    assert "little" in page.text
    assert "/about/privacy-policy" in (await (await any_city.visitor()).get("/about")).text


@pytest.mark.parametrize("path", ["privacy_policy", "terms_of_service"])
async def test_what_nobody_wrote_is_not_there(any_city, path):
    await asked(any_city, path, status=404)
    assert (await asked(any_city, "extended_description"))["content"] == ""


async def test_terms_follow_each_other(any_city):
    day = 20_000 * DAY_MS  # 2024-10-04
    await any_city.db.write(rules.publish, "terms-of-service", "Old.", day, now_ms())
    await any_city.db.write(rules.publish, "terms-of-service", "New.", day + 9 * DAY_MS, now_ms())
    now = await asked(any_city, "terms_of_service")
    assert "New." in now["content"] and now["succeeded_by"] is None
    then = await asked(any_city, "terms_of_service/2024-10-05")
    assert "Old." in then["content"]
    assert (then["effective_date"], then["succeeded_by"]) == ("2024-10-04", "2024-10-13")
    await asked(any_city, "terms_of_service/2020-01-01", status=404)
    await asked(any_city, "terms_of_service/yesterday", status=404)


async def test_blocked_servers_are_told_and_are_no_peers(any_city):
    for name in ("far.test", "bad.test"):
        await any_city.db.write(hosts.see, name, now_ms())
    await any_city.db.write(hosts.set_rule, "bad.test", "block", "spam", now_ms())
    assert await asked(any_city, "peers") == ["far.test"]
    (block,) = await asked(any_city, "domain_blocks")
    assert block == {
        "domain": "bad.test",
        "digest": hashlib.sha256(b"bad.test").hexdigest(),
        "severity": "suspend",
        "comment": "spam",
    }


async def test_weeks_count_what_is_public(any_city):
    mina = await any_city.join("mina")
    await any_city.writes(mina, "Good morning")
    await any_city.writes(mina, "For friends", visibility="followers")
    weeks = await asked(any_city, "activity")
    assert len(weeks) == 12
    assert (weeks[0]["statuses"], weeks[0]["logins"]) == ("1", "1")
    assert int(weeks[0]["week"]) - int(weeks[1]["week"]) == WEEK_MS // 1000
    assert (int(weeks[0]["week"]) // 86_400 + 4) % 7 == 1  # a Monday
