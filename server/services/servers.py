"""With which servers this one speaks, and with which not and why: for everybody to see."""

from typing import Final

import msgspec

from server.policy.hosts import nearest
from server.store import hosts
from server.store.db import Read

MOST_NAMED: Final = 60


class Rule(msgspec.Struct, frozen=True):
    """What moderators decided about a domain and everything below it. `action`: block | allow."""

    domain: str
    action: str
    reason: str


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


def all(db: Read) -> Servers:
    """Whom we know and what was decided about them."""
    rules = [Rule(row["domain"], row["action"], row["reason"]) for row in hosts.rules(db)]
    actions = {rule.domain: rule.action for rule in rules}
    known = [
        Server(row["name"], row["people"])
        for row in hosts.latest(db, MOST_NAMED)
        if nearest(actions, row["name"]) != "block"
    ]
    return Servers(rules, known, hosts.count(db))
