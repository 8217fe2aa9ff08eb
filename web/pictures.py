"""Where pages load pictures from: this instance, whoever they belong to.

A stranger's picture has an address of ours that holds the stranger's, signed: nobody can make us
fetch what no page of ours has shown. `server.remote_pictures` fetches it when somebody looks.
"""

import base64
import binascii
import hmac
from functools import lru_cache
from typing import Final, get_args

from server.errors import NotFound
from server.media import RemoteKind
from server.model import Account, Media, Site
from server.secrets import Vault
from server.services.media import about

MAX_ADDRESS_BYTES: Final = 2000
"""Of a stranger's address; a longer one is not shown. PostgreSQL's indexes take some 2700."""
PATH: Final = "/media/remote/{kind}/{token}"
KINDS: Final = frozenset(get_args(RemoteKind))
PLAYED: Final = frozenset({"video", "gifv", "audio"})

_MAC_BYTES = 16
_MAC_CHARS = 22
_ADDRESSES_KEPT = 8192


class Addresses:
    """Addresses of pictures; empty where there is none that we would show."""

    def __init__(self, site: Site, vault: Vault, *, films: bool = False) -> None:
        """The key of `vault` signs; with another key the addresses are others.

        `films`: whether those of strangers are shown from here.
        """
        self._films = films
        self._origin = site.origin
        self._key = vault.derived(b"addresses of remote pictures")
        self._remote = lru_cache(maxsize=_ADDRESSES_KEPT)(self._signed)

    def face(self, account: Account) -> str:
        """Somebody's picture."""
        return self._of(account, "avatar", account.avatar)

    def banner(self, account: Account) -> str:
        """The wide picture above somebody's page."""
        return self._of(account, "picture", account.header)

    def picture(self, media: Media, *, small: bool = False) -> str:
        """A picture of a post, the largest that we have or the smallest."""
        if media.kind in PLAYED:
            return self._poster(media)
        name = media.small if small and media.small else media.large
        if name:
            return f"/media/{name}"
        return self.remote("picture", media.remote_url) if media.kind == "image" else ""

    def film(self, media: Media) -> str:
        """A film or a sound, where it can be played from here."""
        if media.kind not in PLAYED or media.state != "ready":
            return ""
        if media.large:
            return f"/media/{media.large}"
        address = self.remote("film", media.remote_url)
        return f"{address}?id={media.id}" if address else ""

    def _poster(self, media: Media) -> str:
        """What stands for a film until it plays; nothing where there is no picture."""
        if media.small:
            return f"/media/{media.small}"
        return self.remote("picture", about(media).preview) if media.remote_url else ""

    def absolute(self, kind: str, url: str) -> str:
        """As `remote`, with the origin, for apps."""
        found = self.remote(kind, url)  # type: ignore[arg-type]  # one of KINDS
        return f"{self._origin}{found}" if found else ""

    def emoji(self, url: str) -> str:
        """A picture among the words."""
        return self.remote("emoji", url)

    def remote(self, kind: RemoteKind, url: str) -> str:
        """The address here of a picture that is elsewhere."""
        return self._remote(kind, url)

    def meant(self, kind: str, token: str) -> tuple[RemoteKind, str]:
        """What `remote` was given. Raises `NotFound` for what we did not sign."""
        mac, text = token[:_MAC_CHARS], token[_MAC_CHARS:]
        if kind not in KINDS or not hmac.compare_digest(
            mac.encode(), self._mac(kind, text).encode()
        ):
            raise NotFound("This picture does not exist.")
        try:
            url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        except (binascii.Error, ValueError) as error:
            raise NotFound("This picture does not exist.") from error
        return kind, url  # type: ignore[return-value]  # one of KINDS

    def _of(self, account: Account, kind: RemoteKind, url: str) -> str:
        if account.local:
            return url.removeprefix(self._origin)
        return self.remote(kind, url)

    def _signed(self, kind: RemoteKind, url: str) -> str:
        if kind == "film" and not self._films:
            return ""
        raw = url.encode("utf-8", "replace")
        if not url.startswith(("https://", "http://")) or len(raw) > MAX_ADDRESS_BYTES:
            return ""
        text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return PATH.format(kind=kind, token=self._mac(kind, text) + text)

    def _mac(self, kind: str, text: str) -> str:
        digest = hmac.digest(self._key, f"{kind} {text}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode().rstrip("=")


def srcset(media: Media) -> str:
    """Our sizes of a picture, for `srcset`; nothing where there is one alone."""
    if media.kind in PLAYED:
        return ""
    sizes = {
        media.small: media.small_width,
        media.medium: media.medium_width,
        media.large: media.width,
    }
    found = [f"/media/{name} {width}w" for name, width in sizes.items() if name and width]
    return ", ".join(found) if len(found) > 1 else ""
