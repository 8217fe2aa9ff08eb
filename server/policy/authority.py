"""Who may do what to whose things. One function, and a table that a test walks through."""

from typing import Final, Literal

import msgspec

from federation.origin import same_origin
from server.model import Account, Post

Relation = Literal["author", "itself", "group", "keeper", "doer", "asked", "nobody"]
"""What an actor is to a thing: who wrote a post; the account itself, or the group itself; who keeps
order in that group; who did a deed, or was asked for something."""

ORDER: Final = (
    *("lock", "unlock", "feature", "unfeature", "remove", "restore", "move", "take in"),
    *("ban", "unban", "appoint", "dismiss", "choose"),
)
"""What is done in a community, by who keeps it and by its group."""

MAY: Final[dict[str, frozenset[Relation]]] = {
    "update": frozenset({"author", "itself", "group"}),
    "delete": frozenset({"author", "itself", "group"}),
    "pin": frozenset({"author"}),
    "unpin": frozenset({"author"}),
    "undo": frozenset({"doer"}),
    "accept": frozenset({"asked"}),
    "reject": frozenset({"asked"}),
    **{verb: frozenset({"keeper", "group"}) for verb in ORDER},
}


class Done(msgspec.Struct, frozen=True):
    """Something that the account `by` did: a like, a boost, a follow, a block, a request.

    `asked`: whom it asked for something.
    """

    by: int
    asked: int | None = None


def may(
    actor: Account,
    verb: str,
    thing: Post | Account | Done,
    *,
    appointed: bool = False,
    vouched: bool = False,
) -> bool:
    """Whether `actor` may `verb` this post, account, community or deed. FEP-fe34.

    `appointed`: a community has made the actor one of its moderators. `vouched`: a stranger's
    community lets others of its own server keep order, for it has administrators of whom nobody
    tells us. An actor that is suspended or gone may nothing, nor does anybody what is not in the
    table.
    """
    if actor.state != "active" or verb not in MAY:
        return False
    return relation(actor, thing, appointed=appointed, vouched=vouched) in MAY[verb]


def relation(
    actor: Account,
    thing: Post | Account | Done,
    *,
    appointed: bool = False,
    vouched: bool = False,
) -> Relation:
    """What `actor` is to this, as far as both origins bear it out."""
    if isinstance(thing, Done):
        return "doer" if actor.id == thing.by else "asked" if actor.id == thing.asked else "nobody"
    if isinstance(thing, Post):
        own = thing.author_id == actor.id and same_origin(thing.uri, actor.uri)
        return "author" if own else "nobody"
    if thing.id == actor.id and same_origin(thing.uri, actor.uri):
        return "group" if thing.kind == "Group" else "itself"
    kept = thing.kind == "Group" and (appointed or (vouched and _of_its_server(actor, thing)))
    return "keeper" if kept else "nobody"


def _of_its_server(actor: Account, group: Account) -> bool:
    """Whether both are strangers, of one origin."""
    return not group.local and not actor.local and same_origin(actor.uri, group.uri)
