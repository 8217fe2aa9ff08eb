"""How the API says no: always JSON, in the words that apps compare, with a sentence for people."""

from tests.web.an_app import App, app_of, nobodys


async def test_what_is_not_there_and_what_cannot_be_done_there(any_city):
    app = await app_of(any_city, "mina")
    assert "endpoint" in (await app.get("/v1/nothing/here", expect=404))["error"]
    refused = await app.delete("/v1/timelines/home", expect=405)
    assert refused["error"]
    assert app.headers["Allow"] == "GET,HEAD"
    assert app.headers["Access-Control-Allow-Origin"] == "*"
    await app.get("/v1/statuses/%00/nothing", expect=404)


async def test_a_token_that_does_not_count_is_named_so_in_every_language(any_city):
    for token in ("", "made up"):
        app = App(any_city, nobodys(any_city).client, token)
        for language in ("en", "ko"):
            refused = await app.get(
                "/v1/timelines/home", expect=401, headers={"Accept-Language": language}
            )
            assert refused["error"] == "The access token is invalid"
            assert refused["error_description"]
        assert "invalid_token" in app.headers["WWW-Authenticate"]


async def test_what_a_token_does_not_cover_is_named_so_with_the_scope(any_city):
    mina = await app_of(any_city, "mina", "read:statuses")
    refused = await mina.get("/v1/notifications", expect=403)
    assert refused["error"] == "This action is outside the authorized scopes"
    assert "read:notifications" in refused["error_description"]


async def test_what_does_not_fit_is_named(any_city):
    mina = await app_of(any_city, "mina")
    refused = await mina.get("/v1/timelines/home?limit=many", expect=422)
    assert "limit" in refused["error"]
    assert set(refused) == {"error"}


async def test_a_token_that_is_an_apps_alone_is_told_that_this_is_for_people(any_city):
    city = any_city
    visitor = nobodys(city)
    app = await visitor.post(
        "/v1/apps", json={"client_name": "x", "redirect_uris": "https://app.example/back"}
    )
    sent = {
        "grant_type": "client_credentials",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    async with visitor.client.post("/oauth/token", json=sent) as answer:
        token = (await answer.json())["access_token"]
    alone = App(city, visitor.client, token)
    refused = await alone.get("/v1/timelines/home", expect=422)
    assert refused["error"] == "This method requires an authenticated user"
