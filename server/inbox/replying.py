"""ReplyRequest, and the Accept and Reject of answers. GoToSocial."""

import msgspec

from federation import parse, policies
from federation.errors import NotPermitted
from federation.origin import normal, same_origin
from federation.policies import Claim
from federation.readers import id_or_none
from federation.vocab import Object
from server.errors import Invalid
from server.inbox import answers, quoting, reacting
from server.inbox.context import Arrival, instrument, thing, undone
from server.model import WAITING, Account, Post
from server.services import (
    answer_asking,
    answer_control,
    arrivals,
    looks,
    permissions,
    reading,
    stamps,
    strangers,
)
from server.store import accounts, posts
from server.store import approvals as store
from server.store.db import Write


def request(tx: Write, arrival: Arrival) -> None:
    """May the actor answer a post of ours? At once by what it permits, or its author is asked.

    What the actor cannot have read is answered as if it were not there, and so is a server that
    asks without end.
    """
    target = posts.by_uri(tx, arrival.activity.object_id or "")
    uri = id_or_none(arrival.activity.raw.get("instrument")) or ""
    if target is None or not target.local or target.deleted_ms is not None or undone(tx, arrival):
        return
    if not reading.may_read(tx, arrival.actor.id, target):
        return
    if not normal(uri) or not same_origin(uri, arrival.actor.uri):
        raise NotPermitted("ReplyRequest for somebody else's answer")
    if answers.enough(tx, arrival):
        return
    known = posts.by_uri(tx, uri)
    if known is None and permissions.judge(tx, arrival.actor, target, "reply") != "no":
        known = _kept(tx, arrival, uri, target)
    if known is None:
        _refuse(tx, arrival, uri, target)
    elif known.author_id == arrival.actor.id and known.reply_to_id == target.id:
        _settle(tx, arrival, known, target)


def _kept(tx: Write, arrival: Arrival, uri: str, target: Post) -> Post | None:
    """The answer that comes with its request, before its Create."""
    found = instrument(arrival, uri)
    if found is None or found.id != uri or found.attributed_to != arrival.actor.uri:
        raise NotPermitted("ReplyRequest without an answer of the actor's own")
    if found.in_reply_to != target.uri or not arrivals.may_keep(tx, arrival.site, found):
        raise NotPermitted("ReplyRequest for what answers something else")
    try:
        return arrivals.keep_new_post(tx, arrival.site, found, arrival.actor, arrival.now_ms)
    except Invalid:
        return None


def _settle(tx: Write, arrival: Arrival, answer: Post, target: Post) -> None:
    """Answer what can be answered now; what waits is answered when its author has decided."""
    if answer.deleted_ms is not None:
        _refuse(tx, arrival, answer.uri, target)
        return
    if store.by_post(tx, answer.id) is None:
        arrivals.remember(tx, answer, target, answer.visibility)
        posts.set_columns(tx, answer.id, reply_stamp=stamps.reply_uri(arrival.site, answer.id))
    store.request(tx, answer.id, arrival.activity.id)
    answer_control.tell(tx, arrival.site, answer, arrival.now_ms, request=arrival.activity.id)


def _refuse(tx: Write, arrival: Arrival, uri: str, target: Post) -> None:
    about = (uri, target)
    answer_control.turn_away(
        tx, arrival.site, about, arrival.actor, arrival.now_ms, arrival.activity.id
    )


# --- answers to ours, and of others


def accept(tx: Write, arrival: Arrival) -> None:
    """An answer is allowed: one of ours, or a stranger's to somebody whom we follow."""
    about = arrival.activity.object_id or ""
    post = answer_asking.asked_for(tx, arrival.actor, about)
    if post is not None:
        _allowed(tx, arrival, post)
    elif (target := _target(tx, arrival)) is not None:
        _bring(tx, arrival, about, target)
    else:
        quoting.accept(tx, arrival)


def _allowed(tx: Write, arrival: Arrival, post: Post) -> None:
    """An answer of ours has its yes; a stamp that cannot be read just now is read later."""
    target = posts.by_id(tx, post.reply_to_id or 0)
    said = _said(tx, arrival, target)
    if said != arrival.activity.id and arrival.documents.get(said) is None:
        looks.stamp_later(tx, "reply", said, post.id, arrival.now_ms)
        return
    stamp = _stamp(tx, arrival, post.uri, target)
    answer_asking.allowed(tx, arrival.site, post, stamp, arrival.now_ms)


def _target(tx: Write, arrival: Arrival) -> Post | None:
    """The post of the actor's whose plain answer an Accept is about."""
    target = posts.by_uri(tx, arrival.activity.target_id or "")
    own = target is not None and target.author_id == arrival.actor.id
    return target if own and not arrival.site.ours(arrival.activity.object_id or "") else None


def _said(tx: Write, arrival: Arrival, target: Post | None) -> str:
    """The id of what proves it: the stamp in `result`, or the Accept itself. Raises."""
    said = id_or_none(arrival.activity.raw.get("result")) or arrival.activity.id
    if target is None or not permissions.may_stamp(tx, arrival.actor, said):
        raise NotPermitted("Accept of an answer without a stamp of the actor's own")
    return said


def _stamp(tx: Write, arrival: Arrival, uri: str, target: Post | None) -> str:
    """As `_said`, after the stamp was read where it lives. Raises."""
    said = _said(tx, arrival, target)
    about = target.uri if target else ""
    claim = Claim(act="reply", interacting=uri, target=about, author=arrival.actor.uri)
    if said != arrival.activity.id and not policies.proves(
        arrival.documents.get(said), said, claim
    ):
        raise NotPermitted("the stamp is for something else")
    return said


def _bring(tx: Write, arrival: Arrival, uri: str, target: Post) -> None:
    """Somebody lets a plain answer stand of a server that asks nobody: it can be shown now."""
    if posts.by_uri(tx, uri) is not None or not normal(uri) or target.visibility == WAITING:
        return
    stamp = _stamp(tx, arrival, uri, target)
    found = thing(arrival, uri)
    if found is None or not _answers(found, target, uri):
        return
    author = accounts.by_uri(tx, found.attributed_to) or _met(tx, arrival, found.attributed_to)
    if author is None or not arrivals.may_keep(tx, arrival.site, found):
        return
    found = msgspec.structs.replace(found, approval=stamp)
    if not arrivals.hidden(found, author) and author.state == "active":
        arrivals.keep_post(tx, arrival.site, found, author, arrival.now_ms, stamp=stamp)


def _answers(found: Object, target: Post, uri: str) -> bool:
    return found.id == uri and found.in_reply_to == target.uri


def _met(tx: Write, arrival: Arrival, uri: str) -> Account | None:
    raw = arrival.documents.get(uri)
    if raw is None or raw.get("id") != uri:
        return None
    return strangers.keep_actor(tx, parse.actor(raw), arrival.now_ms)


def reject(tx: Write, arrival: Arrival) -> None:
    """An answer is not allowed, or no longer."""
    about = arrival.activity.object_id or ""
    post = answer_asking.asked_for(tx, arrival.actor, about) or _theirs(tx, arrival, about)
    if post is not None:
        answer_asking.refused(tx, arrival.site, post, arrival.now_ms)
    elif not reacting.turned_down(tx, arrival, about):
        quoting.reject(tx, arrival)


def _theirs(tx: Write, arrival: Arrival, uri: str) -> Post | None:
    """A stranger's answer that the actor had let stand."""
    post = posts.by_uri(tx, uri)
    known = store.by_post(tx, post.id) if post is not None else None
    return post if known is not None and known.decider_id == arrival.actor.id else None
