"""A request as it came off the wire, and the signature it carries; nothing in here is verified."""

from functools import cached_property
from typing import Final, Literal

import msgspec

from federation.errors import NotAuthentic

Scheme = Literal["cavage", "rfc9421"]

SINGLE: Final = frozenset(
    {
        "authorization",
        "content-digest",
        "content-type",
        "date",
        "digest",
        "host",
        "signature",
        "signature-input",
    }
)
"""Headers that decide something: with a second line, two readers could see two requests."""

MAX_COVERED: Final = 20
"""Components that one signature may cover; the busiest recorded one covers six."""

_DEFAULT_PORT: Final = {"https": ":443", "http": ":80"}


class SignedRequest(msgspec.Struct, frozen=True, dict=True):
    """One HTTP request. `target` is path and query, and `headers` are the lines, all as received.

    `method` is upper-case, `scheme` is "https" or "http", and `host` is the host that the request
    was meant for, with its port where one was named.
    """

    method: str
    target: str
    host: str
    scheme: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @cached_property
    def fields(self) -> dict[str, str]:
        """Values by lower-case name, repeated lines joined. RFC 9110 §5.3.

        Raises `NotAuthentic("duplicate: ...")` for a second line of one of the `SINGLE`.
        """
        found: dict[str, str] = {}
        for line_name, line_value in self.headers:
            name, value = line_name.lower(), line_value.strip(" \t")
            if name in found:
                if name in SINGLE:
                    raise NotAuthentic(f"duplicate: {name}")
                value = f"{found[name]}, {value}"
            found[name] = value
        return found

    @property
    def authority(self) -> str:
        """The host in lower case, its port only where it is not the default. RFC 9421 §2.2.3."""
        return self.host.lower().removesuffix(_DEFAULT_PORT[self.scheme])


class Signature(msgspec.Struct, frozen=True):
    """What a request claims: this key signed these components, in this order, at this time.

    `algorithm` is "" where none was named. `created` and `expires` are Unix seconds. `parameters`
    is the serialised value of `@signature-params` (RFC 9421 §2.3), empty for draft-cavage.
    """

    scheme: Scheme
    key_id: str
    algorithm: str
    covered: tuple[str, ...]
    value: bytes
    created: int | None = None
    expires: int | None = None
    parameters: str = ""
