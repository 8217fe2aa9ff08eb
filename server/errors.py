"""Failures a person may be told about; each knows its HTTP face.

    AppError
    ├── Invalid     422      ├── Conflict  409
    │   └── NobodysToken     ├── TooMany   429
    ├── NotFound    404      ├── TooLarge  413
    ├── Unauthorized 401     ├── StorageFull 507
    │   └── BadToken         └── Deleted   410
    └── Forbidden   403      Away 503; Crowded 503, a TooMany
        └── OutOfScope

The message is a gettext msgid: an English sentence that says what to do, with `%(name)s` holes that
`values` fill. Pages translate it; the client API translates it by `Accept-Language`.
"""

from http import HTTPStatus
from typing import ClassVar


class AppError(Exception):
    """Base: `code` is stable API, the message is for people.

    `told`: words that apps compare, never translated; the message is told beside them.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "bad_request"
    told: ClassVar[str] = ""

    def __init__(self, message: str, /, **values: object) -> None:
        """`message` is a msgid; `values` fill its holes."""
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values


class Invalid(AppError):
    """What was sent cannot be used as it is."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"


class Unauthorized(AppError):
    """Nobody is signed in, or the token does not count."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"


class Forbidden(AppError):
    """The viewer may see the thing but not do this to it."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class BadToken(Unauthorized):
    """An app came without a token, or with one that does not count."""

    told = "The access token is invalid"


class OutOfScope(Forbidden):
    """An app's token does not cover this."""

    told = "This action is outside the authorized scopes"


class NobodysToken(Invalid):
    """An app's token is its own, and this is for somebody."""

    told = "This method requires an authenticated user"


class NotFound(AppError):
    """The thing does not exist, or the viewer may not know that it does."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Deleted(AppError):
    """The thing existed and was deleted."""

    status = HTTPStatus.GONE
    code = "gone"


class Conflict(AppError):
    """Somebody else was first."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class TooLarge(AppError):
    """More bytes than we take."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class TooMany(AppError):
    """Too often; `retry_after_ms` says when again."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many"

    def __init__(self, message: str, /, *, retry_after_ms: int = 60_000, **values: object) -> None:
        """Wait `retry_after_ms` before the next try."""
        super().__init__(message, **values)
        self.retry_after_ms = retry_after_ms


class Away(AppError):
    """What we need ourselves does not answer, or is full; it may do in a while."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "away"


class Crowded(TooMany):
    """Too much waits already of whoever sends this; it is taken once there is room again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "crowded"


class StorageFull(AppError):
    """What was sent could not be written down; nothing of it was kept."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "storage_full"
