"""Multipart bodies, within limits that aiohttp's own reader does not have.

What stands before the first part it reads line by line, however many lines these are, and nobody
else has a turn while some of it is there. No browser and no app writes such lines.
"""

from typing import Final

from aiohttp import MultipartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

MAX_LINES: Final = 10_000
"""Boundaries and headers of five hundred fields, three times over."""
BROKEN: Final = (ValueError, LookupError, RuntimeError, AssertionError, HttpProcessingError)
"""What is raised while a body is read that is not what its type says; some of it is asserted."""


def reader(request: web.Request) -> MultipartReader:
    """The parts of a multipart body. Raises one of `BROKEN`, and so does what it gives."""
    return MultipartReader(request.headers, _Lines(request.content))  # type: ignore[arg-type]


class _Lines:
    """A body of which so many lines are read. Parts are not read by lines."""

    def __init__(self, content: StreamReader) -> None:
        self._content = content
        self._left = MAX_LINES
        self.read = content.read
        self.at_eof = content.at_eof
        self.unread_data = content.unread_data

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """The next line. Raises `ValueError` where there were too many."""
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many lines")
        return await self._content.readline(max_line_length=max_line_length)
