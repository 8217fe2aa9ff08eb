"""Names under which the application and its requests carry their parts."""

from collections.abc import Callable

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from markupsafe import Markup

from federation.http import Client
from server.config import Config
from server.fetch import Fetcher
from server.films import Films
from server.keyring import Keyring
from server.media import Pictures
from server.model import Account, Member, Site
from server.remote_pictures import RemotePictures
from server.replies import Refreshes
from server.secrets import Vault
from server.services.accounts import Facts
from server.services.trends import Trends
from server.store.db import Database
from server.store_watch import StoreWatch
from server.walking import Walker
from server.worker.worker import Worker
from web.brand import Brand
from web.callers import Callers
from web.kept import Lately, Pages, Parts
from web.limits import Buckets
from web.live import Hub
from web.pictures import Addresses
from web.rates import Rates, Standing
from web.shelf import Shelf
from web.spool import Spool


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `scopes` are an app's; None is a browser, whose forms carry `csrf`.

    `token_id` and `app_id` are those of the app's token; one made by the operator has no app.
    """

    account: Account
    member: Member
    scopes: frozenset[str] | None
    csrf: str
    token_id: int | None = None
    app_id: int | None = None


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An app that asks for itself, with a token that is nobody's, or with somebody's."""

    scopes: frozenset[str]
    token_id: int | None
    app_id: int | None


CONFIG = web.AppKey("CONFIG", Config)
SITE = web.AppKey("SITE", Site)
DB = web.AppKey("DB", Database)
CLIENT = web.AppKey("CLIENT", Client)
FETCHER = web.AppKey("FETCHER", Fetcher)
WALKER = web.AppKey("WALKER", Walker)
REFRESHES = web.AppKey("REFRESHES", Refreshes)
PICTURES = web.AppKey("PICTURES", Pictures)
FILMS = web.AppKey("FILMS", Films)
SPOOL = web.AppKey("SPOOL", Spool)
REMOTE_PICTURES = web.AppKey("REMOTE_PICTURES", RemotePictures)
ADDRESSES = web.AppKey("ADDRESSES", Addresses)
KEYRING = web.AppKey("KEYRING", Keyring)
VAULT = web.AppKey("VAULT", Vault)
PUSH_KEY = web.AppKey("PUSH_KEY", EllipticCurvePrivateKey)
WORKER = web.AppKey("WORKER", Worker)
STORE_WATCH = web.AppKey("STORE_WATCH", StoreWatch)
BUCKETS = web.AppKey("BUCKETS", Buckets)
HUB = web.AppKey("HUB", Hub)
BRAND = web.AppKey("BRAND", Brand)
CARDS: web.AppKey[Shelf[bytes]] = web.AppKey("CARDS")  # drawn for links to posts
CARD_BUCKETS = web.AppKey("CARD_BUCKETS", Buckets)
LOOKS: web.AppKey[Shelf[bytes]] = web.AppKey("LOOKS")  # the city's own pictures, made anew
TOLD: web.AppKey[Shelf[Markup]] = web.AppKey("TOLD")  # the client API, in each language
FACTS: web.AppKey[Lately[Facts]] = web.AppKey("FACTS")  # how many live here
TRENDS: web.AppKey[Lately[Trends]] = web.AppKey("TRENDS")  # what several people speak of
VISITED = web.AppKey("VISITED", Pages)  # pages as every visitor sees them
PARTS = web.AppKey("PARTS", Parts)  # of pages, made before
CALLERS = web.AppKey("CALLERS", Callers)  # whose the tokens of apps are
RATES = web.AppKey("RATES", Rates)  # how often apps may ask
VAPID_KEY = web.AppKey("VAPID_KEY", str)  # by which apps know that a push is ours; public
REVOKED: web.AppKey[list[Callable[[frozenset[int]], None]]] = web.AppKey("REVOKED")
NOW: web.AppKey[Callable[[], int]] = web.AppKey("NOW")

VIEWER: web.RequestKey[Viewer | None] = web.RequestKey("VIEWER", Viewer)
SHUT_OUT = web.RequestKey("SHUT_OUT", Viewer)  # suspended or locked: a visitor, but who may appeal
CALLER = web.RequestKey("CALLER", Caller)  # an app whose token is nobody's
TOKEN = web.RequestKey("TOKEN", str)  # with which an app came
STANDING = web.RequestKey("STANDING", Standing)  # what of its rate is left
SPOKEN = web.RequestKey("SPOKEN", str)  # the language that whoever sent the person here names
ADDRESS = web.RequestKey("ADDRESS", str)
REQUEST_ID = web.RequestKey("REQUEST_ID", str)
STREAM = web.RequestKey("STREAM", bool)  # its answer is meant to last
