"""Apps and what they are given."""

from server.model import Account, Site
from server.services.apps import RegisteredApp
from web import entities
from web.present.values import address


def application(app: RegisteredApp, *, vapid_key: str) -> entities.AppDetails:
    """Application."""
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website or None,
        "scopes": app.scope_text.split(),
        "redirect_uri": "\n".join(app.redirects),
        "redirect_uris": list(app.redirects),
        "vapid_key": vapid_key,
    }


def credential_application(
    app: RegisteredApp, secret: str, *, vapid_key: str
) -> entities.CredentialApplication:
    """CredentialApplication."""
    return {
        **application(app, vapid_key=vapid_key),
        "client_id": app.client_id,
        "client_secret": secret,
        "client_secret_expires_at": 0,
    }


def token(secret: str, scopes: str, now_ms: int) -> entities.Token:
    """Token."""
    return {
        "access_token": secret,
        "token_type": "Bearer",
        "scope": scopes,
        "created_at": now_ms // 1000,
    }


def user_info(site: Site, account: Account) -> entities.UserInfo:
    """The claims about somebody that OpenID Connect names."""
    return {
        "iss": f"{site.origin}/",
        "sub": account.uri,
        "name": account.shown_name,
        "preferred_username": account.name,
        "profile": account.url,
        "picture": address(site, account.avatar or "/static/avatar.png"),
    }
