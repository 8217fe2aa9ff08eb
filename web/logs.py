"""The log: readable lines on a terminal, JSON lines elsewhere. One event is one escaped line.

`extra={"peer": host, "ms": 12}` of a logging call becomes fields. What looks like a secret is
hidden at the edge, in both forms, also inside tracebacks.
"""

import contextvars
import json
import logging
import random
import re
import sys
from datetime import UTC, datetime
from typing import Final, TextIO

from aiohttp import http_exceptions, web

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

HIDDEN: Final = "[hidden]"
MAX_SAID: Final = 200  # characters of why a request could not be read
MAX_MESSAGE: Final = 4_000  # characters of a message, or of one of its fields
MAX_TROUBLE: Final = 30_000  # characters of a traceback; its end says what happened
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_NAME: Final = re.compile(
    r"passw|secret|token|authorization|cookie|csrf|signature|private|credential|api_?key", re.I
)
_SECRETS: Final = (
    # an HTTP header or a field of JSON, a form or a query, with its value
    re.compile(
        r"(?P<keep>\b(?:proxy-)?authorization\b[\"']?\s*[:=]\s*[\"']?)(?:\w+\s+)?[^\s\"',;&]+"
        r"|(?P<cookie>\b(?:set-)?cookie\b[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+"
        r"|(?P<named>(?:passw(?:or)?d|secret|token|csrf|code_verifier)[\"']?\s*[:=]\s*[\"']?)"
        r"[^\s\"',;&)}\]]+",
        re.I,
    ),
    re.compile(r"(?P<keep>\bbearer\s+)[\w.~+/=-]{8,}", re.I),
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]{0,200}:)[^\s@/]{1,500}(?=@)", re.I),
    re.compile(
        r"(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        re.S,
    ),
)
_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def configure(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send every log to `stream` (standard error), in the form that suits it. Call it once."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Readable() if stream.isatty() else JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(unreadable)


def unreadable(record: logging.LogRecord) -> bool:
    """What is no HTTP, such as raw bytes in an address, is one line: its sender is told 400.

    So is a body that is not what it says (no gzip, no chunks). aiohttp tells of both as of a fault
    of ours, with a traceback.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, http_exceptions.HttpProcessingError | web.RequestPayloadError):
        said = " ".join(str(getattr(error, "message", "") or error).split())[:MAX_SAID]
        who = record.args[0] if isinstance(record.args, tuple) and record.args else "somebody"
        record.msg, record.args = "unreadable request from %s: %s", (who, said)
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


def new_request_id() -> str:
    """A short name for one request, for its log lines and the person's error page. No secret."""
    return f"{random.getrandbits(48):012x}"  # noqa: S311  asks the system for nothing


def redact(text: str) -> str:
    """`text` with what looks like a password, token, key or cookie hidden."""
    for pattern in _SECRETS:
        text = pattern.sub(_hide, text)
    return text


def escape(text: str) -> str:
    """`text` on one line, nothing in it that steers a terminal or turns its direction."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def shortened(text: str, most: int = MAX_MESSAGE) -> str:
    """`text`, its middle left out where it is longer than `most`."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} [{len(text) - most} more] {text[-(most // 2) :]}"


def _said(text: str) -> str:
    """What was said, without secrets. Cut before the search for them too, which takes its time."""
    return shortened(redact(shortened(text, 2 * MAX_MESSAGE)))


def _hide(found: re.Match[str]) -> str:
    return next((kept for kept in found.groups() if kept), "") + HIDDEN


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What the caller gave as `extra`, secrets hidden, and the request it belongs to."""
    given = {key: value for key, value in vars(record).items() if key not in _OWN}
    fields: dict[str, object] = {}
    for key, value in given.items():
        if _SECRET_NAME.search(key):
            fields[key] = HIDDEN
        else:
            plain = value is None or isinstance(value, bool | int | float)
            fields[key] = value if plain else _said(str(value))
    if request := request_id.get():
        fields.setdefault("request", request)
    return fields


def _trouble(record: logging.LogRecord) -> str:
    """The traceback and the stack of an event, if it has any."""
    plain = logging.Formatter()
    parts = [plain.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(record.stack_info)
    return redact(shortened("\n".join(parts), MAX_TROUBLE))


class JsonLines(logging.Formatter):
    """One JSON object in each line: time (UTC), level, logger, process, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one event, without its end."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": _said(record.getMessage()),
        }
        line |= {key: value for key, value in _fields(record).items() if key not in line}
        if trouble := _trouble(record):
            line["error"] = trouble
        text = json.dumps(line, ensure_ascii=False, default=str)
        return _CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


class Readable(logging.Formatter):
    """A line for people: local time, level, message, fields; tracebacks follow behind bars."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of one event, without the last end."""
        moment = datetime.fromtimestamp(record.created).astimezone()
        line = f"{moment:%H:%M:%S} {record.levelname:<7} {escape(_said(record.getMessage()))}"
        for key, value in _fields(record).items():
            line += f"  {key}={escape(str(value))}"
        for trouble in _trouble(record).splitlines():
            line += f"\n    | {escape(trouble)}"
        return line
