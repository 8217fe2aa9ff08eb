"""With which servers this one speaks, and with which not and why: for everybody to see."""

from typing import Final

import msgspec

from server.clock import DAY_MS
from server.ids import first_id
from server.policy.hosts import nearest
from server.store import accounts, hosts, posts
from server.store.db import Read
from server.store.paging import LAST_ID

MOST_NAMED: Final = 60
WEEK_MS: Final = 7 * DAY_MS
MONDAY_MS: Final = 4 * DAY_MS  # 1970-01-05, the first Monday of this clock


class Rule(msgspec.Struct, frozen=True):
    """What moderators decided about a domain and everything below it.

    `action`: block | limit | allow; `severity` of the first two: suspend | silence | noop.
    """

    domain: str
    action: str
    reason: str
    severity: str = "suspend"
    obfuscate: bool = False

    @property
    def restricts(self) -> bool:
        """Whether people here see less of it, or nothing."""
        return self.action == "block" or (self.action == "limit" and self.severity == "silence")

    @property
    def shown(self) -> str:
        """Its name; veiled where the name itself would hurt, so that only who knows it finds it."""
        if not self.obfuscate:
            return self.domain
        kept = len(self.domain) // 4
        veiled = "".join(
            sign if sign == "." or not kept <= at < len(self.domain) - kept else "*"
            for at, sign in enumerate(self.domain)
        )
        return veiled


class Week(msgspec.Struct, frozen=True):
    """What happened here in one week: public posts, who wrote them, who came."""

    begins_ms: int
    posts: int
    writers: int
    newcomers: int


class Server(msgspec.Struct, frozen=True):
    """Another server, and how many of its people are known here."""

    name: str
    people: int


class Servers(msgspec.Struct, frozen=True):
    """The neighbours: all rules, those who showed themselves last, and how many ever did."""

    rules: list[Rule]
    known: list[Server]
    count: int

    @property
    def blocked(self) -> list[Rule]:
        """With whom we do not speak."""
        return [rule for rule in self.rules if rule.action == "block"]

    @property
    def limited(self) -> list[Rule]:
        """Whose people are seen by those who follow them alone."""
        return [rule for rule in self.rules if rule.restricts and rule.action == "limit"]


def all(db: Read) -> Servers:
    """Whom we know and what was decided about them."""
    decided = rules(db)
    actions = {rule.domain: rule.action for rule in decided}
    known = [
        Server(row["name"], row["people"])
        for row in hosts.latest(db, MOST_NAMED)
        if nearest(actions, row["name"]) != "block"
    ]
    return Servers(decided, known, hosts.count(db))


def rules(db: Read) -> list[Rule]:
    """What was decided about other servers."""
    return [
        Rule(
            row["domain"],
            row["action"],
            row["reason"],
            row["severity"],
            bool(row["obfuscate"]),
        )
        for row in hosts.rules(db)
    ]


def names(db: Read) -> list[str]:
    """Every server that showed itself and with which we speak."""
    actions = {rule.domain: rule.action for rule in rules(db)}
    return [name for name in hosts.names(db) if nearest(actions, name) != "block"]


def weeks(db: Read, count: int, now_ms: int) -> list[Week]:
    """The last weeks, this one first; a week begins on Monday (UTC)."""
    began = now_ms - (now_ms - MONDAY_MS) % WEEK_MS
    return [_week(db, began - n * WEEK_MS, last=n == 0) for n in range(count)]


def _week(db: Read, begins_ms: int, *, last: bool) -> Week:
    """Ids may run ahead of the clock; whatever is newer than this week belongs to it."""
    next_id = LAST_ID if last else first_id(begins_ms + WEEK_MS)
    wrote = posts.public_between(db, first_id(begins_ms), next_id)
    came = accounts.joined_between(db, begins_ms, begins_ms + WEEK_MS)
    return Week(begins_ms, wrote["posts"], wrote["writers"], came)
