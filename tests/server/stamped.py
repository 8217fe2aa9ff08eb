"""What carl of another server has to allow, and how his server says yes: answers and quotes.

Two ways, of the same making: GoToSocial's for answers, FEP-044f (Mastodon) for quotes.
"""

from typing import Any, Final

import msgspec

from federation.vocab import PUBLIC
from server.model import Post
from server.store.db import Write
from tests.server.world import CARL, EVE, act, befriend, create, deliver, note, post, say, sent, who

THEIRS: Final = "https://other.test/notes/1"
ASKED: Final[dict[str, Any]] = {
    "always": [CARL],
    "approvalRequired": [PUBLIC],
    "automaticApproval": [CARL],
    "manualApproval": [PUBLIC],
}


class Way(msgspec.Struct, frozen=True):
    """How something is asked for and allowed. `kind`: Reply | Quote; `follower`: of carl, here."""

    kind: str
    stamp_uri: str
    follower: str

    def stamp(self, interacting: str, **more: Any) -> dict[str, Any]:
        """The stamp by which carl allows it, as his server serves it."""
        return {
            "id": self.stamp_uri,
            "type": f"{self.kind}Authorization",
            "attributedTo": CARL,
            "interactingObject": interacting,
            "interactionTarget": THEIRS,
            **more,
        }

    def answered(self, tx: Write, kind: str, actor: str = CARL, **more: Any) -> dict[str, Any]:
        """The answer (Accept | Reject) to the last request of ours."""
        asked = sent(tx, f"{self.kind}Request")[-1]
        inner = {name: asked[name] for name in ("id", "type", "actor", "object")}
        inner["instrument"] = asked["instrument"]["id"]
        return act(kind, actor, inner, to=asked["actor"], **more)

    def theirs(self, tx: Write, rule: dict[str, Any] = ASKED) -> Post:
        """A post by carl, whom somebody here follows, under a rule for it."""
        befriend(tx, who(tx, self.follower), who(tx, CARL))
        written = note(THEIRS, CARL, interactionPolicy={f"can{self.kind}": rule})
        deliver(tx, create(written, id=f"{THEIRS}#create"))
        return post(tx, THEIRS)

    def waiting(self, tx: Write, rule: dict[str, Any] = ASKED, **more: Any) -> Post:
        """An answer by ann, who has a follower elsewhere, or a quote, for carl to allow."""
        ann, theirs = who(tx, "ann"), self.theirs(tx, rule)
        if self.kind == "Quote":
            return say(tx, ann, "Look", quoted_id=theirs.id, **more)
        befriend(tx, who(tx, EVE), ann)
        return say(tx, ann, "May I?", reply_to_id=theirs.id, **more)


REPLY: Final = Way("Reply", "https://other.test/users/carl/authorizations/1", "bob")
QUOTE: Final = Way("Quote", "https://other.test/stamps/1", "ann")
