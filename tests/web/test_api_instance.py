"""What apps read first: who the city is, whom one can ask, what may be sent."""

import shutil

import pytest

from server.clock import now_ms
from server.services import accounts, media, new_posts, pins, profiles, rules, tags
from tests.web.an_app import app_of, nobodys
from tests.web.city import a_picture, start, stop


@pytest.fixture
async def dressed(sqlite_template, tmp_path):
    """`await dressed(mode, cover=...)`: a city that looks like this."""
    cities = []

    async def dress(mode="open", **identity):
        shutil.copy(sqlite_template, tmp_path / "city.db")
        cities.append(await start(f"sqlite:{tmp_path}/city.db", tmp_path, mode, **identity))
        return nobodys(cities[-1])

    yield dress
    for city in cities:
        await stop(city)


async def got(app, address):
    path = address.removeprefix(app.city.site.origin)
    async with app.client.get(path) as answer:
        return answer.status, answer.content_type


async def test_limits_are_those_that_count(any_city):
    told = (await nobodys(any_city).get("/v2/instance"))["configuration"]
    assert told["accounts"] == {
        "max_featured_tags": tags.MAX_FEATURED,
        "max_pinned_statuses": pins.MAX_PINS,
        "max_profile_fields": profiles.MAX_FIELDS,
        "profile_field_name_limit": profiles.MAX_FIELD,
        "profile_field_value_limit": profiles.MAX_FIELD,
        "max_display_name_length": accounts.MAX_DISPLAY_NAME,
        "max_note_length": profiles.MAX_BIO,
        "max_avatar_description_length": profiles.MAX_PICTURE_DESCRIPTION,
        "max_header_description_length": profiles.MAX_PICTURE_DESCRIPTION,
    }
    assert told["statuses"]["max_characters"] == new_posts.MAX_NOTE
    assert told["media_attachments"]["description_limit"] == media.MAX_ALT
    assert told["urls"]["streaming"] == "ws://localhost:8080"
    assert told["timelines_access"]["live_feeds"] == {"local": "public", "remote": "public"}
    assert (told["translation"], told["limited_federation"]) == ({"enabled": False}, False)
    first = (await nobodys(any_city).get("/v1/instance"))["configuration"]
    assert first["polls"] == told["polls"]
    assert first["accounts"] == {"max_featured_tags": tags.MAX_FEATURED}


@pytest.mark.parametrize(
    ("mode", "enabled", "approval", "invited"),
    [
        ("open", True, False, False),
        ("approval", True, True, False),
        ("invite", False, False, True),
        ("closed", False, False, False),
    ],
)
async def test_how_one_can_join_is_told_as_it_is(dressed, mode, enabled, approval, invited):
    app = await dressed(mode)
    told = (await app.get("/v2/instance"))["registrations"]
    assert (told["enabled"], told["approval_required"]) == (enabled, approval)
    assert told["reason_required"] is approval
    assert (told["url"] is not None) is invited
    first = await app.get("/v1/instance")
    assert (first["registrations"], first["invites_enabled"]) == (enabled, invited)


async def test_the_contact_is_the_first_admin_and_the_address_that_is_configured(dressed):
    app = await dressed(contact_email="hello@gm.example")
    assert (await app.get("/v2/instance"))["contact"]["account"] is None
    await app.city.join("mod", role="moderator")
    assert (await app.get("/v1/instance"))["contact_account"]["username"] == "mod"
    await app.city.join("chief", role="admin")
    await app.city.join("second", role="admin")
    told = (await app.get("/v2/instance"))["contact"]
    assert (told["email"], told["account"]["username"]) == ("hello@gm.example", "chief")
    first = await app.get("/v1/instance")
    assert (first["email"], first["contact_account"]["username"]) == ("hello@gm.example", "chief")


async def test_the_picture_is_the_cover_or_a_drawn_card_and_both_are_there(dressed, tmp_path):
    plain = await dressed()
    drawn = (await plain.get("/v2/instance"))["thumbnail"]
    assert await got(plain, drawn["url"]) == (200, "image/png")
    (tmp_path / "cover").write_bytes(a_picture())
    app = await dressed(cover=str(tmp_path / "cover"))
    told = await app.get("/v2/instance")
    cover = told["thumbnail"]
    assert "/cover" in cover["url"]
    for url in (cover["url"], *cover["versions"].values()):
        assert (await got(app, url))[0] == 200
    assert (await app.get("/v1/instance"))["thumbnail"] == cover["url"]
    assert [one["size"] for one in told["icon"]] == ["180x180", "192x192", "512x512"]
    for icon in told["icon"]:
        assert await got(app, icon["src"]) == (200, "image/png")


async def test_rules_are_those_in_force_in_the_readers_language(any_city):
    app = nobodys(any_city)
    korean = await app.get("/v2/instance", headers={"Accept-Language": "ko"})
    english = await app.get("/v2/instance")
    assert english["rules"] == await app.get("/v1/instance/rules")
    assert korean["rules"][0]["text"] != english["rules"][0]["text"]
    assert english["rules"][0]["translations"]["ko"]["text"] == korean["rules"][0]["text"]
    await any_city.db.write(rules.add, "Greet each other.", "", now_ms())
    (own,) = (await app.get("/v1/instance"))["rules"]
    assert (own["text"], own["translations"]) == ("Greet each other.", {})


async def test_papers_have_an_address_once_they_are_there(any_city):
    app = nobodys(any_city)
    assert (await app.get("/v2/instance"))["configuration"]["urls"]["privacy_policy"] is None
    await any_city.db.write(rules.publish, "privacy-policy", "Little.", now_ms(), now_ms())
    urls = (await app.get("/v2/instance"))["configuration"]["urls"]
    assert (await got(app, urls["privacy_policy"]))[0] == 200
    assert urls["terms_of_service"] is None


async def test_what_the_city_says_of_itself_is_text_in_one_place_and_html_in_the_other(dressed):
    app = await dressed(description="Bread & <roses>")
    assert (await app.get("/v2/instance"))["description"] == "Bread & <roses>"
    first = await app.get("/v1/instance")
    assert first["short_description"] == "Bread & <roses>"
    assert first["description"] == "Bread &amp; &lt;roses&gt;"


async def test_a_profile_has_its_hashtags(any_city):
    mina = await app_of(any_city, "mina")
    tag = await mina.post("/v1/featured_tags", json={"name": "Market"})
    assert (await mina.get("/v1/profile"))["featured_tags"] == [tag]
    changed = await mina.ask("PATCH", "/v1/profile", json={"note": "Hello"})
    assert changed["featured_tags"] == [tag]


async def test_what_shutting_a_server_out_would_end_is_counted(any_city):
    mina = await app_of(any_city, "mina")
    told = await mina.get("/v1/domain_blocks/preview?domain=far.example")
    assert told == {"followers_count": 0, "following_count": 0}
    for strange in ("", "not a name", "x" * 3000):
        assert await mina.get("/v1/domain_blocks/preview", params={"domain": strange}) == told
    await mina.get("/v1/domain_blocks/preview?domain=%00", expect=404)
    await mina.get("/v1/domain_blocks/preview", expect=422)


async def test_nobodys_year_is_measured(any_city):
    mina = await app_of(any_city, "mina")
    none = {"annual_reports": [], "accounts": [], "statuses": []}
    assert await mina.get("/v1/annual_reports") == none
    assert await mina.get("/v1/annual_reports/2026/state") == {"state": "ineligible"}
    assert await mina.post("/v1/annual_reports/2026/generate") == {}
    await mina.get("/v1/annual_reports/2026", expect=404)
    await mina.post("/v1/annual_reports/2026/read", expect=404)


async def test_the_card_of_a_post_without_a_link_is_empty(any_city):
    mina = await app_of(any_city, "mina")
    secret = await mina.says("Nothing to see", visibility="private")
    assert await mina.get(f"/v1/statuses/{secret['id']}/card") == {}
    await nobodys(any_city).get(f"/v1/statuses/{secret['id']}/card", expect=404)


async def test_servers_are_found_by_how_they_begin_and_languages_have_names(any_city):
    app = nobodys(any_city)
    assert await app.get("/v1/peers/search?q=far") == []
    assert await app.get("/v1/peers/search") == []
    languages = await app.get("/v1/instance/languages")
    assert languages[:2] == [
        {"code": "ko", "name": "Korean"},
        {"code": "en", "name": "English"},
    ]
