"""Apps, what they are given, and where they ask for it."""

from typing import NotRequired, TypedDict


class AppDetails(TypedDict):
    """Application: an app as it registered. `redirect_uri` has one address in each line."""

    id: str
    name: str
    website: str | None
    scopes: list[str]
    redirect_uri: str
    redirect_uris: list[str]
    vapid_key: str


class CredentialApplication(AppDetails):
    """An app that has just registered. Its secret never ends: 0."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int


class Token(TypedDict):
    """What an app sends along from now on. `created_at` in seconds."""

    access_token: str
    token_type: str
    scope: str
    created_at: int


class UserInfo(TypedDict):
    """Who let the app in. OpenID Connect Core 1.0 §5.3."""

    iss: str
    sub: str
    name: str
    preferred_username: str
    profile: str
    picture: str


class OAuthServer(TypedDict):
    """Where apps ask for what. RFC 8414 §2."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    app_registration_endpoint: str
    service_documentation: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    code_challenge_methods_supported: list[str]


class OEmbed(TypedDict):
    """A post for other sites to show. oembed.com"""

    type: str
    version: str
    title: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    cache_age: int
    html: str
    width: int
    height: NotRequired[int | None]
