"""Who may do what to whose things. One function, and a table that a test walks through."""

from federation.origin import same_origin
from server.model import Account, Post

OWN = frozenset({"update", "delete", "pin", "unpin", "undo"})


def may(actor: Account, verb: str, thing: Post | Account) -> bool:
    """Whether `actor` may `verb` this post or account. FEP-fe34.

    `update`, `delete`, `pin`, `unpin`: the author of a post, and the account itself. An actor that
    is suspended or gone may nothing.
    """
    if actor.state != "active" or verb not in OWN:
        return False
    owner = thing.author_id if isinstance(thing, Post) else thing.id
    return owner == actor.id and same_origin(thing.uri, actor.uri)
