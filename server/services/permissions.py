"""Who may answer, share and like a post: what its author said, and what follows for somebody.

Ours choose from a few; of strangers' posts it is the `interactionPolicy` of GoToSocial. Whom a post
names, and whom it answers, may always answer it: nobody is spoken of behind a closed door.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from federation.policies import Claim, may_be
from federation.vocab import PUBLIC, Object, Policy, Rule
from server.errors import Forbidden, Invalid
from server.model import WAITING, Account, Post
from server.store import accounts, activities, approvals, follows, posts
from server.store.db import Read

Verdict = Literal["yes", "member", "ask", "no"]
"""`member`: yes, for following or being followed; nobody else can know that without a stamp."""

REPLIES: Final = ("everyone", "close", "approved", "named")
BOOSTS: Final = ("everyone", "nobody")
MAX_URI: Final = 500  # characters of a name in a policy that we keep
MAX_KEPT: Final = 16_000  # characters of a whole policy

EVERYBODY: Final = "public"
FOLLOWERS: Final = "followers"
FOLLOWING: Final = "following"
WORDS: Final = (EVERYBODY, FOLLOWERS, FOLLOWING)


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may, and who must ask: `EVERYBODY`, `FOLLOWERS`, `FOLLOWING`, or ids of actors."""

    yes: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()


class Permits(msgspec.Struct, frozen=True, omit_defaults=True):
    """As `Post.permits` keeps it; None where everybody may. `plain`: its server takes no requests,
    and is told of an answer by the answer itself."""

    reply: Said | None = None
    boost: Said | None = None
    like: Said | None = None
    plain: bool = False


Act = Literal["reply", "boost", "like"]

_SILENT: Final = Policy()
"""Of most posts nothing is said."""

_CHOSEN: Final[dict[str, Said | None]] = {
    "everyone": None,
    "close": Said((FOLLOWERS, FOLLOWING)),
    "approved": Said((FOLLOWERS, FOLLOWING), (EVERYBODY,)),
    "named": Said(),
    "nobody": Said(),
}


def of(post: Post) -> Permits:
    """What is said of a post."""
    return msgspec.json.decode(post.permits, type=Permits) if post.permits else Permits()


def _kept(permits: Permits) -> str:
    plain = msgspec.structs.replace(permits, plain=False)
    return "" if plain == Permits() else msgspec.json.encode(permits).decode()


def chosen(replies: str, boosts: str, visibility: str) -> str:
    """`Post.permits` of a new post of ours. Where it is not for everybody, that says enough.

    Raises `Invalid`.
    """
    if (replies or "everyone") not in REPLIES or (boosts or "everyone") not in BOOSTS:
        raise Invalid("This is not one of those who may answer or share a post.")
    if visibility not in ("public", "unlisted"):
        return ""
    return _kept(Permits(_CHOSEN[replies or "everyone"], _CHOSEN[boosts or "everyone"]))


def choice(post: Post) -> str:
    """One of `REPLIES`, as a post of ours says it."""
    said = of(post).reply
    return next(name for name in REPLIES if _CHOSEN[name] == said)


def sharing(post: Post) -> str:
    """One of `BOOSTS`, as a post of ours says it."""
    return "everyone" if of(post).boost is None else "nobody"


def edited(post: Post, replies: str, boosts: str) -> str:
    """`Post.permits` after its author said anew who may; what is left empty stays. `Invalid`."""
    if not post.open:
        return post.permits
    return chosen(replies or choice(post), boosts or sharing(post), post.visibility)


def heard(found: Object, author: Account) -> str:
    """`Post.permits` of a stranger's post."""
    policy = found.policy
    if policy == _SILENT:
        return ""

    def word(uri: str) -> str:
        known = {
            PUBLIC: EVERYBODY,
            author.followers_uri: FOLLOWERS,
            author.following_uri: FOLLOWING,
        }
        return known.get(uri, uri)

    def said(rule: Rule | None) -> Said | None:
        if rule is None:
            return None
        yes, ask = (
            tuple(word(uri) for uri in some if uri and len(uri) <= MAX_URI)
            for some in (rule.automatic, rule.manual)
        )
        return None if EVERYBODY in yes and not ask else Said(yes, ask)

    permits = Permits(said(policy.reply), said(policy.announce), said(policy.like), policy.plain)
    kept = _kept(permits)
    return kept if len(kept) <= MAX_KEPT else _kept(_without_names(permits))


def _without_names(permits: Permits) -> Permits:
    """Of a policy that is too long, what it says of circles and of everybody."""

    def words(said: Said | None) -> Said | None:
        if said is None:
            return None
        yes, ask = (tuple(one for one in some if one in WORDS) for some in (said.yes, said.ask))
        return Said(yes, ask)

    return Permits(words(permits.reply), words(permits.boost), words(permits.like), permits.plain)


def told(post: Post, author: Account, named: Sequence[Account], *, locked: bool) -> Policy:
    """The policy of a post of ours, as others read it. In a locked thread nobody can answer."""
    permits = of(post)
    words = {
        EVERYBODY: PUBLIC,
        FOLLOWERS: author.followers_uri,
        FOLLOWING: author.following_uri,
    }

    def rule(said: Said | None, always: Sequence[str]) -> Rule:
        if said is None:
            return Rule((PUBLIC,))
        yes = dict.fromkeys((author.uri, *always, *(words.get(one, one) for one in said.yes)))
        return Rule(tuple(yes), tuple(words.get(one, one) for one in said.ask))

    replies = Rule((author.uri,)) if locked else rule(permits.reply, [one.uri for one in named])
    return Policy(like=rule(permits.like, ()), reply=replies, announce=rule(permits.boost, ()))


# --- what follows for somebody


def judge(db: Read, actor: Account, post: Post, act: Act) -> Verdict:
    """Whether somebody may do this with a post that they can read.

    The more exact word counts: a name before a circle, a circle before everybody. Of two strangers
    nobody here knows who follows whom: the author's server does, and is asked.
    """
    said: Said | None = getattr(of(post), act)
    if said is None or actor.id == post.author_id:
        return "yes"
    if act == "reply" and _addressed(db, actor, post):
        return "yes"
    if actor.uri in said.yes:
        return "yes"
    if actor.uri in said.ask:
        return "ask"
    return _of_circle(db, actor, post, said) or _of_everybody(said)


def _addressed(db: Read, actor: Account, post: Post) -> bool:
    """Whether a post names somebody or answers them."""
    parent = posts.by_id(db, post.reply_to_id) if post.reply_to_id else None
    if parent is not None and parent.author_id == actor.id:
        return True
    return posts.mentions(db, post.id, actor.id)


def _of_circle(db: Read, actor: Account, post: Post, said: Said) -> Verdict | None:
    circles = {FOLLOWERS, FOLLOWING} & {*said.yes, *said.ask}
    if not circles:
        return None
    if not post.local and not actor.local:
        return None if EVERYBODY in said.yes else "ask"
    ways: dict[str, Callable[[], set[int]]] = {
        FOLLOWERS: lambda: follows.followed_among(db, actor.id, [post.author_id]),
        FOLLOWING: lambda: follows.followed_among(db, post.author_id, [actor.id]),
    }
    within = {circle for circle in circles if ways[circle]()}
    if within & {*said.yes}:
        return "member"
    return "ask" if within else None


def _of_everybody(said: Said) -> Verdict:
    if EVERYBODY in said.yes:
        return "yes"
    return "ask" if EVERYBODY in said.ask else "no"


def check_reply(db: Read, actor: Account, post: Post) -> Verdict:
    """Whether one of ours may answer, or has to wait for a yes. Raises `Forbidden`."""
    if post.visibility == WAITING:
        raise Forbidden("This waits for approval itself: nobody can answer it yet.")
    verdict = judge(db, actor, post, "reply")
    if verdict == "no":
        raise Forbidden("Whoever wrote this does not want answers from you.")
    return verdict


def check_boost(db: Read, actor: Account, post: Post) -> None:
    """Raises `Forbidden` where one of ours may not share a post.

    Nobody is asked for a yes: who would have to ask cannot share it from here.
    """
    if judge(db, actor, post, "boost") in ("ask", "no"):
        raise Forbidden("Whoever wrote this does not want it to be shared.")


def check_like(db: Read, actor: Account, post: Post) -> None:
    """Raises `Forbidden` where one of ours may not like a post.

    A like is told to nobody but its author, who may still say no to it.
    """
    if judge(db, actor, post, "like") == "no":
        raise Forbidden("Whoever wrote this does not want likes from you.")


class Answering(msgspec.Struct, frozen=True):
    """What a page says of answering: the viewer's `verdict` (None: a visitor's), whether it is not
    for everybody, and how the post itself stands (waiting | refused, else empty)."""

    verdict: Verdict | None
    limited: bool
    state: str = ""


def answering(db: Read, viewer: Account | None, post: Post) -> Answering:
    """Who may answer a post, and this viewer."""
    state = approvals.states(db, [post.id]).get(post.id, "") if post.visibility == WAITING else ""
    verdict = judge(db, viewer, post, "reply") if viewer else None
    if verdict == "member" and post.local:
        verdict = "yes"
    return Answering(verdict, of(post).reply is not None, state)


def shareable(post: Post, viewer: Account | None) -> bool:
    """Whether a button to share a post leads anywhere, as far as that is seen without asking."""
    said = of(post).boost
    if said is None or (viewer is not None and viewer.id == post.author_id):
        return True
    circles = {EVERYBODY, FOLLOWERS, FOLLOWING} & {*said.yes}
    return bool(circles) or (viewer is not None and viewer.uri in said.yes)


# --- answers of strangers


class Standing(msgspec.Struct, frozen=True):
    """How an answer that has come stands: it is there, or it waits; `stamp` allows it."""

    waits: bool = False
    proven: bool = False
    stamp: str = ""


def arriving(
    db: Read, found: Object, author: Account, parent: Post | None, stamp: str = ""
) -> Standing:
    """Whether a stranger's answer can be shown; `stamp` has been read and is true.

    What answers a stranger needs a stamp wherever that stranger's server has to say who may.
    Raises `Invalid` for what is not wanted.
    """
    if parent is None or parent.author_id == author.id and parent.visibility != WAITING:
        return Standing()
    if parent.visibility == WAITING:
        raise Invalid("What this answers waits for approval itself.")
    verdict = judge(db, author, parent, "reply")
    if verdict == "yes":
        return Standing()
    if verdict == "no":
        raise Invalid("Whoever wrote this does not want answers from you.")
    if parent.local:
        return Standing(waits=verdict == "ask", proven=verdict == "member")
    if not stamp or stamp != found.approval:
        raise Invalid("This answer has not been approved.")
    return Standing(proven=True, stamp=stamp)


def stamp_to_read(db: Read, found: Object, author: Account) -> tuple[str, Claim] | None:
    """The stamp that an answer says it has, and what that has to say, if it needs one."""
    parent = posts.by_uri(db, found.in_reply_to) if found.in_reply_to else None
    if parent is None or parent.local or not found.approval:
        return None
    if judge(db, author, parent, "reply") in ("yes", "no"):
        return None
    decider = accounts.by_id(db, parent.author_id)
    if decider is None or not may_stamp(db, decider, found.approval):
        return None
    claim = Claim(act="reply", interacting=found.id, target=parent.uri, author=decider.uri)
    return found.approval, claim


def may_stamp(db: Read, decider: Account, uri: str) -> bool:
    """Whether an id can be that of a stamp by somebody: of their server, and not taken back."""
    return may_be(uri, decider.uri) and not activities.buried(db, uri, by=decider.uri)
