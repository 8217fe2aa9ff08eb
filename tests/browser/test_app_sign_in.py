"""Signing in from an app, on a phone: it opens the browser, and the browser leads back to it."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.browser.conftest import PHONE, PLAIN, NewReader
from tests.browser.people import PASSWORD, join
from tests.village import Village
from tests.web.an_app import bearer
from tests.web.oauth_app import VERIFIER, ask, challenge

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ME = "/api/v1/accounts/verify_credentials"
APP = {"client_name": "Tusky", "scopes": "read write follow push", "website": "https://tusky.app"}


def way(app: dict[str, str], redirect: str) -> str:
    """Where the app sends people."""
    wish = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": redirect,
        "scope": APP["scopes"],
        "state": "kept 한",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        "lang": "ko",
    }
    return f"/oauth/authorize?{urlencode(wish)}"


@pytest.mark.parametrize("how", [PHONE, PLAIN], ids=["phone", "phone without scripts"])
async def test_somebody_signs_in_from_an_app_and_shows_it_the_door(
    village: Village, reader: NewReader, how: dict[str, object]
) -> None:
    alpha, _ = await village("alpha.test"), await village("beta.test")
    await join(alpha, "ann")
    redirect = "http://beta.test/search"  # the app is a website
    app = await ask(alpha.client, "POST", "/api/v1/apps", json={**APP, "redirect_uris": redirect})
    ann = await reader(alpha, **how)

    await ann.goes(way(app, redirect))
    await ann.types("Name or email address", "ann")
    await ann.types("Password", PASSWORD)
    await ann.presses("Sign in")
    await ann.looks_in_every_light()
    await ann.sees("@ann@alpha.test")
    await ann.sees(ann.word("What it may do then"))
    await ann.presses("Let it in")
    back = urlsplit(ann.page.url)
    assert f"{back.scheme}://{back.netloc}{back.path}" == redirect
    brought = parse_qs(back.query)
    assert brought["state"] == ["kept 한"]
    sent = {
        "grant_type": "authorization_code",
        "code": brought["code"][0],
        "redirect_uri": redirect,
        "code_verifier": VERIFIER,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    token = (await ask(alpha.client, "POST", "/oauth/token", data=sent))["access_token"]
    assert (await ask(alpha.client, "GET", ME, headers=bearer(token)))["username"] == "ann"

    await ann.goes(f"{alpha.origin}/settings")
    await ann.follows("Apps")
    await ann.sees("Tusky")
    await ann.looks_in_every_light()
    await ann.presses("End access")
    await ann.sees(ann.word("The app has no access to your account any more."))
    await ask(alpha.client, "GET", ME, 401, headers=bearer(token))


async def test_the_page_leads_to_an_app_on_the_phone(village: Village, reader: NewReader) -> None:
    alpha = await village("alpha.test")
    await alpha.join("ann")
    redirect = "tusky://oauth"
    app = await ask(alpha.client, "POST", "/api/v1/apps", json={**APP, "redirect_uris": redirect})
    ann = await reader(alpha, "ann", **PHONE)
    await ann.goes(way(app, redirect))
    told: list[str] = []
    ann.page.on("console", lambda message: told.append(message.text))
    async with ann.page.expect_response(re.compile("/oauth/authorize$")) as led:
        await ann.button("Let it in").click(no_wait_after=True)
    answer = await led.value
    assert answer.status == 303
    assert (await answer.header_value("location") or "").startswith("tusky://oauth?code=")
    await ann.page.wait_for_timeout(300)  # a policy that forbids it would say so now
    assert not [text for text in told if "Content Security Policy" in text]
    ann.problems.clear()  # there is no such app on this phone
