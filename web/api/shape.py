"""What an endpoint takes and gives, written beside it: the API's description is made from this."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

Handler = TypeVar("Handler", bound=Callable[..., Any])

SHAPE: Final = "shape"
JSON: Final = "application/json"


class Shape(msgspec.Struct, frozen=True):
    """`body` and `query` are structs, `answer` an entity (`list[...]` of them).

    `pages`: the answer has a `Link` header, and the query `max_id`, `since_id`, `min_id`, `limit`.
    `media`: as what the answer is sent.
    """

    answer: Any
    body: Any = None
    query: Any = None
    pages: bool = False
    status: int = 200
    media: str = JSON


def gives(
    answer: Any,  # noqa: ANN401
    *,
    body: Any = None,  # noqa: ANN401
    query: Any = None,  # noqa: ANN401
    pages: bool = False,
    status: int = 200,
    media: str = JSON,
) -> Callable[[Handler], Handler]:
    """Note the shape of a handler. Write it below `need` or `anybody`, which hand it on."""

    def note(handler: Handler) -> Handler:
        vars(handler)[SHAPE] = Shape(answer, body, query, pages, status, media)
        return handler

    return note
