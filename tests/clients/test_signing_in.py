"""Mastodon.py registers, sends somebody to the consent page, comes and goes with a token."""

import pytest
import requests
from mastodon import Mastodon, MastodonIllegalArgumentError, MastodonUnauthorizedError
from mastodon.errors import MastodonAPIError

from tests.clients.apps import BACK, SCOPES
from tests.clients.world import OUT_OF_BAND


@pytest.fixture
def app(city, tmp_path):
    """Registered, and nobody's yet."""
    kept = tmp_path / "app.secret"
    with requests.Session() as session:
        how = {"api_base_url": city.origin, "session": session, "to_file": str(kept)}
        Mastodon.create_app("Tests", SCOPES, [BACK, OUT_OF_BAND], "https://app.example", **how)
        yield Mastodon(str(kept), session=session, ratelimit_method="throw")


def way(app, **more):
    return app.auth_request_url(redirect_uris=BACK, scopes=SCOPES, allow_http=True, **more)


def test_an_app_signs_in_through_the_consent_page_and_out_again(city, app, tmp_path):
    ann = city.somebody()
    code = ann.code(way(app, state="4711"), state="4711")
    kept = tmp_path / "ann.secret"
    how = {"redirect_uri": BACK, "scopes": SCOPES, "allow_http": True}
    app.log_in(code=code, to_file=str(kept), **how)

    assert app.me().acct == ann.name and app.me().source.privacy == "public"
    verified = app.app_verify_credentials()
    assert (verified.name, verified.website) == ("Tests", "https://app.example")
    assert verified.redirect_uris == [BACK, OUT_OF_BAND] and set(verified.scopes) == set(SCOPES)

    with requests.Session() as session:  # the next start of the app
        later = Mastodon(access_token=str(kept), session=session)
        assert later.me().id == app.me().id
        with pytest.raises(MastodonIllegalArgumentError, match="Invalid access token"):
            later.log_in(code=code, **how)  # a code counts once
    # RFC 6749 §4.1.2: a code that comes twice may be stolen, so its tokens end
    with pytest.raises(MastodonUnauthorizedError):
        app.me()


def test_an_app_gives_its_token_back(city, app):
    bob = city.somebody()
    code = bob.code(way(app, lang="ko", state="1"), state="1")
    app.log_in(code=code, redirect_uri=BACK, scopes=SCOPES, allow_http=True)
    token = app.access_token
    app.revoke_access_token(allow_http=True)
    assert app.access_token is None
    app.access_token = token
    with pytest.raises(MastodonUnauthorizedError, match="The access token"):
        app.me()


def test_a_code_can_be_read_and_typed_and_a_no_is_a_no(city, app):
    bob = city.somebody()
    oob = app.auth_request_url(redirect_uris=OUT_OF_BAND, scopes=["read"], allow_http=True)
    app.log_in(code=bob.code(oob), scopes=["read"], allow_http=True)
    assert app.me().username == bob.name
    with pytest.raises(MastodonAPIError, match="403"):
        app.status_post("not with this token")
    back = bob.consents(way(app, state="s"), decision="deny")
    assert back.startswith(f"{BACK}?error=access_denied") and back.endswith("state=s")


def test_the_server_says_what_it_can(city, app, monkeypatch):
    about = app.oauth_authorization_server_info()
    assert about.issuer.rstrip("/") == city.origin
    assert about.code_challenge_methods_supported == ["S256"]
    assert {"authorization_code", "client_credentials"} <= set(about.grant_types_supported)
    ann = city.somebody()
    with pytest.raises(MastodonIllegalArgumentError, match="no longer supported"):
        app.log_in(f"{ann.name}@city.example", ann.password, scopes=SCOPES, allow_http=True)
    code = ann.code(way(app, state="2"), state="2")
    app.log_in(code=code, redirect_uri=BACK, scopes=SCOPES, allow_http=True)
    # the library wants https for the address that the server names, so take the usual one
    monkeypatch.setattr(app, "oauth_authorization_server_info", dict)
    assert app.oauth_userinfo().preferred_username == ann.name
