"""Accounts that end, and what goes with them."""

from federation import build
from federation.vocab import PUBLIC
from server.errors import Conflict
from server.model import Account, Site
from server.outbox import publish
from server.services import book_consent, follows, profiles
from server.services import notifications as notification_service
from server.services.burials import bury
from server.store import accounts as store
from server.store import (
    announcements,
    blog,
    bookmarks,
    communities,
    conversations,
    drafts,
    exports,
    filters,
    forum,
    import_claims,
    invites,
    lists,
    notifications,
    polls,
    posts,
    reactions,
    relations,
    scheduled,
    sessions,
    strikes,
    tags,
    thread_mutes,
    visits,
)
from server.store import media as media_store
from server.store.db import Write


def leave(tx: Write, site: Site, viewer: Account, now_ms: int) -> None:
    """End one's own account. Raises `Conflict` for the only administrator: see `delete`."""
    admins = [
        account.id
        for account in store.moderators(tx)
        if (member := store.member(tx, account.id)) and member.role == "admin"
    ]
    if admins == [viewer.id]:
        raise Conflict(
            "You are the only administrator here. Please have somebody else made one first."
        )
    delete(tx, site, viewer, now_ms)


def delete(tx: Write, site: Site, viewer: Account, now_ms: int) -> None:
    """End an account: its posts are buried, what was only its own goes. It cannot come back.

    The name stays taken, for other servers remember whose it was. Every server that we know is
    told: any of them may have kept something.
    """
    uri = f"{viewer.uri}#delete"
    publish(
        tx,
        viewer,
        build.delete(uri, viewer.uri, viewer.uri, to=(PUBLIC,)),
        now_ms,
        everywhere=True,
    )
    for follower_id, target_id in follows.partners(tx, viewer.id):
        follower, target = store.by_id(tx, follower_id), store.by_id(tx, target_id)
        if follower and target:
            follows.drop(tx, follower, target)
    book_consent.left(tx, viewer.id, now_ms)
    for id in posts.ids_by(tx, viewer.id, 100_000):
        if post := posts.by_id(tx, id):
            bury(tx, post, now_ms, quietly=True)
    forum.unscore(tx, viewer.id)
    forum.withdraw(tx, viewer.id)
    communities.dismiss_everywhere(tx, viewer.id)
    reactions.withdraw(tx, viewer.id)
    polls.remove_votes_of(tx, viewer.id)
    notifications.remove_all_from(tx, viewer.id)
    notification_service.remove_of(tx, viewer.id)
    conversations.remove_of(tx, viewer.id)
    announcements.remove_of(tx, viewer.id)
    sessions.remove_of(tx, viewer.id)
    sessions.remove_tokens_of(tx, viewer.id)
    drafts.remove_of(tx, viewer.id)
    blog.forget_account(tx, viewer.id)
    exports.forget_account(tx, viewer.id)
    import_claims.forget_account(tx, viewer.id)
    invites.remove_of(tx, viewer.id)
    visits.remove_of(tx, viewer.id)
    scheduled.remove_of(tx, viewer.id)
    relations.forget_all(tx, viewer.id)
    lists.remove_of(tx, viewer.id)
    filters.remove_of(tx, viewer.id)
    tags.remove_of(tx, viewer.id)
    bookmarks.remove_of(tx, viewer.id)
    thread_mutes.remove_of(tx, viewer.id)
    strikes.remove_of(tx, viewer.id)
    media_store.release_loose(tx, viewer.id)
    for picture in (viewer.avatar, viewer.header):
        profiles.let_go(tx, site, viewer.id, picture, now_ms)
    store.remove_member(tx, viewer.id)
    store.set_columns(
        tx,
        viewer.id,
        state="gone",
        role="",
        display_name="",
        bio="",
        bio_source="",
        avatar="",
        header="",
        fields="[]",
    )
