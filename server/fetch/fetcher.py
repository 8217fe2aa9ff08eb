"""What reads from other servers, as one thing to hand around."""

from collections.abc import Callable

from federation.http import Client
from server.fetch.documents import Documents
from server.fetch.homes import Homes
from server.fetch.hosts import Hosts
from server.fetch.keys import Keys
from server.fetch.pages import Pages
from server.fetch.people import People
from server.fetch.posts import Posts
from server.keyring import Keyring
from server.model import Site
from server.store.db import Database


class Fetcher:
    """A room for each kind of thing that is read."""

    def __init__(
        self,
        db: Database,
        client: Client,
        keyring: Keyring,
        site: Site,
        mode: str,
        now_ms: Callable[[], int],
        scheme: str = "https",
    ) -> None:
        """`mode` is `federation.mode`; `scheme` is how WebFinger is asked."""
        self.db = db
        self.site = site
        self.now_ms = now_ms
        self.hosts = Hosts(db, site, mode, now_ms)
        self.documents = Documents(db, client, keyring, site, self.hosts)
        self.keys = Keys(db, site, self.hosts, self.documents, now_ms)
        self.people = People(db, self.hosts, self.documents, self.keys, now_ms, scheme=scheme)
        self.posts = Posts(db, site, self.documents, self.people, now_ms)
        self.pages = Pages(client, self.hosts)
        self.homes = Homes(client, self.hosts, now_ms, scheme=scheme)
