"""Apps: how they register, how a person lets one in, and what they are given then.

OAuth 2 as RFC 6749, 7636 (PKCE) and 9700 have it: an exact redirect address, a code that counts
once and for ten minutes, and for whoever holds its verifier. Only hashes of secrets are stored.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from server.clock import DAY_MS, MINUTE_MS
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.services import scopes as words
from server.services.sessions import digest
from server.store import apps as store
from server.store import sessions as sessions_store
from server.store.db import Read, Row, Write

OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
CODE_MS: Final = 10 * MINUTE_MS
USED_CODE_MS: Final = DAY_MS
"""How long a used code is remembered, so that what it gave ends when somebody uses it again."""
UNWANTED_MS: Final = 3 * DAY_MS  # an app that nobody ever let in
UNUSED_MS: Final = 180 * DAY_MS  # one that nobody lets in any more
SWEPT_AT_ONCE: Final = 500
MAX_NAME: Final = 60  # characters
MAX_ADDRESS: Final = 2_000
MAX_REDIRECTS: Final = 20
MAX_CODES: Final = 50  # of one person
MAX_TOKENS: Final = 200  # of one person: that which was not used for longest ends
MAX_TOKENS_ALONE: Final = 10  # of one app, for itself

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.IGNORECASE)
_HOST: Final = re.compile(r"[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\]", re.IGNORECASE)
_NO_PLACE: Final = frozenset(
    {
        *("javascript", "data", "vbscript", "blob", "file", "filesystem", "about", "mailto"),
        *("view-source", "ws", "wss", "ftp", "tel", "sms"),
    }
)


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app as it described itself. Nobody has checked what it says."""

    id: int
    client_id: str
    secret_hash: bytes
    name: str
    website: str
    redirects: tuple[str, ...]
    scopes: frozenset[str]
    scope_text: str


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What an app says about itself. `redirects`: where people return to."""

    name: str
    redirects: tuple[str, ...]
    scopes: str = words.DEFAULT
    website: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a person agrees to: `challenge` is of S256, or empty."""

    account_id: int
    app_id: int
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str = ""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a code gave: a token, or nothing. `ended` are the ids of tokens that count no more."""

    token: str = ""
    scopes: str = ""
    ended: tuple[int, ...] = ()


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """An app that somebody let in, however often. `key` names it when its access is ended."""

    key: str
    name: str
    website: str
    scopes: tuple[str, ...]
    since_ms: int
    used_ms: int


# --- registering


def register(tx: Write, new: Registration, now_ms: int) -> tuple[RegisteredApp, str]:
    """Make an app known; its secret is told this once. Raises `Invalid`."""
    secret = secrets.token_urlsafe(32)
    id, client_id = new_id(now_ms), secrets.token_urlsafe(32)
    store.insert(
        tx,
        id=id,
        client_id=client_id,
        secret_hash=digest(secret),
        name=_name(new.name),
        website=_website(new.website),
        redirect_uris="\n".join(_redirects(new.redirects)),
        scopes=" ".join(_scopes(new.scopes)),
        now_ms=now_ms,
    )
    return by_id(tx, id), secret


def _name(name: str) -> str:
    """The name without what cannot be seen, or would turn the words around it."""
    seen = "".join(sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf", "Co"))
    kept = " ".join(seen.split())
    if not kept:
        raise Invalid("Validation failed: Application name can't be blank")
    if len(kept) > MAX_NAME:
        raise Invalid(
            "Validation failed: Application name is too long (maximum is %(most)s characters)",
            most=MAX_NAME,
        )
    return kept


def _website(website: str) -> str:
    wanted = website.strip()
    if not wanted:
        return ""
    parts = _split(wanted)
    if parts is None or parts.scheme not in ("http", "https"):
        raise Invalid("Validation failed: Application website is not a valid URL")
    return wanted


def _redirects(given: tuple[str, ...]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(uri.strip() for uri in given if uri.strip()))
    if not wanted:
        raise Invalid("Validation failed: Redirect URI can't be blank")
    if len(wanted) > MAX_REDIRECTS or sum(map(len, wanted)) > MAX_ADDRESS:
        raise Invalid(
            "Validation failed: Redirect URI is too long (maximum is %(most)s characters)",
            most=MAX_ADDRESS,
        )
    for uri in wanted:
        if uri != OUT_OF_BAND:
            _check_redirect(uri)
    return wanted


def _check_redirect(uri: str) -> None:
    """Raise `Invalid` for what is no place to return to, or would run as a script there."""
    parts = _split(uri)
    if parts is None:
        raise Invalid("Validation failed: Redirect URI must be an absolute URI.")
    if parts.fragment or "#" in uri:
        raise Invalid("Validation failed: Redirect URI cannot contain a fragment.")
    if parts.scheme in _NO_PLACE:
        raise Invalid("Validation failed: Redirect URI is forbidden by the server.")


def _split(uri: str) -> SplitResult | None:
    """The parts of an absolute address; None for what is none, or hides where it leads."""
    if len(uri) > MAX_ADDRESS or not _ADDRESS.fullmatch(uri) or "\\" in uri:
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return parts
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc.rstrip(":")
    return parts if _HOST.fullmatch(host) else None


def _scopes(text: str) -> tuple[str, ...]:
    found = words.parse(text or words.DEFAULT)
    if not found:
        raise Invalid(
            "Validation failed: Scopes doesn't match configured on the server. (%(scopes)s)",
            scopes=" ".join(words.missing(text))[:200],
        )
    return found


def by_client_id(db: Read, client_id: str) -> RegisteredApp | None:
    """The app that calls itself this."""
    row = store.by_client_id(db, client_id)
    return _app(row) if row else None


def by_id(db: Read, id: int) -> RegisteredApp:
    """The app with this id. Raises `NotFound`."""
    row = store.by_id(db, id)
    if row is None:
        raise NotFound("There is no such app.")
    return _app(row)


def _app(row: Row) -> RegisteredApp:
    return RegisteredApp(
        id=row["id"],
        client_id=row["client_id"],
        secret_hash=bytes(row["secret_hash"]),
        name=row["name"],
        website=row["website"],
        redirects=tuple(row["redirect_uris"].split("\n")),
        scopes=frozenset(row["scopes"].split()),
        scope_text=row["scopes"],
    )


def authenticated(db: Read, client_id: str, secret: str) -> RegisteredApp | None:
    """The app, if this is its secret."""
    app = by_client_id(db, client_id)
    known = app.secret_hash if app else digest("")
    right = hmac.compare_digest(known, digest(secret))
    return app if app and right else None


# --- letting an app in


def is_challenge(text: str) -> bool:
    """Whether `text` can be the SHA-256 of a verifier. RFC 7636 §4.2."""
    return _CHALLENGE.fullmatch(text) is not None


def agree(tx: Write, consent: Consent, now_ms: int) -> str:
    """The code by which the app fetches its token."""
    code = secrets.token_urlsafe(32)
    store.insert_code(
        tx,
        code_hash=digest(code),
        app_id=consent.app_id,
        account_id=consent.account_id,
        redirect_uri=consent.redirect_uri,
        scopes=" ".join(consent.scopes),
        challenge=consent.challenge,
        expires_ms=now_ms + CODE_MS,
    )
    for oldest in store.codes_of(tx, consent.account_id)[MAX_CODES:]:
        store.remove_code(tx, oldest)
    return code


def exchange(
    tx: Write, app: RegisteredApp, code: str, redirect_uri: str, verifier: str, *, now_ms: int
) -> Grant:
    """The token that a code stands for, once. A code that comes twice ends what it gave.

    RFC 6749 §4.1.2, RFC 9700 §2.1.1, §4.8.2: who sends a verifier must have sent a challenge.
    """
    hashed = digest(code)
    row = store.code(tx, hashed)
    if row is None or row["app_id"] != app.id:
        return Grant()
    if row["used_ms"] is not None:
        ended = store.tokens_of_code(tx, hashed)
        store.remove_tokens(tx, ended)
        return Grant(ended=tuple(ended))
    if row["expires_ms"] <= now_ms or row["redirect_uri"] != redirect_uri:
        return Grant()
    if not _proves(verifier, row["challenge"]) or not store.use_code(tx, hashed, now_ms):
        return Grant()
    token = issue(tx, app, row["scopes"], now_ms, account_id=row["account_id"], code_hash=hashed)
    ended = store.tokens_of(tx, row["account_id"])[MAX_TOKENS:]
    store.remove_tokens(tx, ended)
    return Grant(token=token, scopes=row["scopes"], ended=tuple(ended))


def _proves(verifier: str, challenge: str) -> bool:
    if not challenge or not verifier:
        return challenge == verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)


def issue(
    tx: Write,
    app: RegisteredApp,
    scopes: str,
    now_ms: int,
    *,
    account_id: int | None = None,
    code_hash: bytes | None = None,
) -> str:
    """A token for an app: for somebody, or for itself. Shown once, never stored."""
    token = secrets.token_urlsafe(32)
    store.insert_token(
        tx,
        id=new_id(now_ms),
        token_hash=digest(token),
        account_id=account_id,
        app_id=app.id,
        app=app.name,
        scopes=scopes,
        code_hash=code_hash,
        now_ms=now_ms,
    )
    store.touch(tx, app.id, now_ms)
    return token


def issue_alone(tx: Write, app: RegisteredApp, scopes: str, now_ms: int) -> Grant:
    """A token for what an app does in nobody's name."""
    token = issue(tx, app, scopes, now_ms)
    ended = store.tokens_alone(tx, app.id)[MAX_TOKENS_ALONE:]
    store.remove_tokens(tx, ended)
    return Grant(token=token, scopes=scopes, ended=tuple(ended))


def touch(tx: Write, token_id: int, app_id: int | None, now_ms: int) -> None:
    """Note that a token is in use."""
    store.touch_token(tx, token_id, now_ms)
    if app_id is not None:
        store.touch(tx, app_id, now_ms)


# --- taking it back


def access(db: Read, viewer_id: int) -> list[Access]:
    """The apps that the viewer let in, last used first; one made by the operator is one of them."""
    found: dict[str, Access] = {}
    for row in store.access(db, viewer_id, MAX_TOKENS * 2):
        key = f"app-{row['app_id']}" if row["app_id"] else f"token-{row['id']}"
        known = found.get(key)
        scopes = {*row["scopes"].split(), *(known.scopes if known else ())}
        found[key] = Access(
            key=key,
            name=row["name"],
            website=row["website"],
            scopes=tuple(scope for scope in words.SCOPES if scope in scopes),
            since_ms=min(row["created_ms"], known.since_ms if known else row["created_ms"]),
            used_ms=max(row["used_ms"], known.used_ms if known else 0),
        )
    return list(found.values())


def revoke(tx: Write, viewer_id: int, key: str) -> tuple[int, ...]:
    """End the access of one app; the ids of its tokens. Raises `NotFound`."""
    kind, _, number = key.partition("-")
    if kind not in ("app", "token") or not number.isdecimal() or len(number) > 19:
        raise NotFound("This app has no access any more.")
    id, column = int(number), "app_id" if kind == "app" else "id"
    mine = store.access(tx, viewer_id, MAX_TOKENS * 2)
    ended = [row["id"] for row in mine if row[column] == id]
    if not ended:
        raise NotFound("This app has no access any more.")
    if kind == "app":
        store.remove_codes_of(tx, viewer_id, id)
    store.remove_tokens(tx, ended)
    return tuple(ended)


def revoke_own(tx: Write, app: RegisteredApp, token: str) -> tuple[int, ...] | None:
    """End a token that an app holds; None where it is another's. RFC 7009 §2.1."""
    row = sessions_store.token(tx, digest(token))
    if row is None:
        return ()
    if row["app_id"] != app.id:
        return None
    store.remove_tokens(tx, [row["id"]])
    return (row["id"],)


def sweep(tx: Write, now_ms: int) -> bool:
    """Forget apps that nobody lets in; whether there may be more of them."""
    gone = store.sweep(tx, now_ms - UNUSED_MS, now_ms - UNWANTED_MS, SWEPT_AT_ONCE)
    return gone == SWEPT_AT_ONCE
