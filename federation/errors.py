"""What can be wrong with a document or a peer.

FederationError
├── Malformed       400  a required property is missing or has no usable shape
├── NotAuthentic    401  the signature is absent, wrong, stale or by someone else
├── Unproven        503  its key cannot be read now; `retry_after_ms`: when to send it again
├── NotPermitted    403  authentic, but this actor may not do this
├── Blocked         202  we do not speak with this peer; it is not told so
├── Gone            410  the thing existed and was deleted
└── Unreachable          no usable answer; `retry_after_ms` when the peer named a time
"""

from typing import ClassVar


class FederationError(Exception):
    """Base: `status` is what the peer is answered; the message is for our log."""

    status: ClassVar[int] = 400


class Malformed(FederationError):
    """A required property is missing or has no usable shape."""


class NotAuthentic(FederationError):
    """The signature is absent, wrong, stale, or by someone other than the actor."""

    status = 401


class Unproven(FederationError):
    """The sender's key cannot be read now, and may be in a while: no fault of the sender's.

    `retry_after_ms` is when to send it again.
    """

    status = 503

    def __init__(self, reason: str, *, retry_after_ms: int) -> None:
        """`reason` is for the log, and for the peer."""
        super().__init__(reason)
        self.retry_after_ms = retry_after_ms


class NotPermitted(FederationError):
    """Authentic, but this actor may not do this."""

    status = 403


class Blocked(FederationError):
    """A peer we do not speak with: answered 202 and silence."""

    status = 202


class Gone(FederationError):
    """The thing existed and was deleted."""

    status = 410


class Unreachable(FederationError):
    """No usable answer from the peer. `code` is its HTTP status, if there was one."""

    status = 502

    def __init__(
        self, reason: str, *, code: int | None = None, retry_after_ms: int | None = None
    ) -> None:
        """`retry_after_ms` is how long the peer asked us to wait."""
        super().__init__(reason)
        self.code = code
        self.retry_after_ms = retry_after_ms
