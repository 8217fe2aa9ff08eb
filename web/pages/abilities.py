"""What each scope lets an app do, in a sentence that people understand."""

from collections.abc import Iterable
from typing import Final

from server.services.scopes import SCOPES, covers
from web.i18n import N_

SENTENCES: Final = {
    "read": N_("Read everything that you can read here, private messages and settings too"),
    "profile": N_("See who you are: your name, your handle and your picture"),
    "write": N_("Write, change and delete posts and everything else in your name"),
    "read:accounts": N_("See accounts, and what is known of yours"),
    "read:blocks": N_("See whom you have blocked"),
    "read:bookmarks": N_("See your bookmarks"),
    "read:favourites": N_("See what you like"),
    "read:filters": N_("See your filters"),
    "read:follows": N_("See whom you follow and who follows you"),
    "read:lists": N_("See your lists"),
    "read:mutes": N_("See whom you have muted"),
    "read:notifications": N_("Read your notifications"),
    "read:search": N_("Search in your name"),
    "read:statuses": N_("Read all posts that you can read, private messages too"),
    "write:accounts": N_("Change your profile"),
    "write:blocks": N_("Block accounts and servers, and lift blocks"),
    "write:bookmarks": N_("Set and remove bookmarks"),
    "write:conversations": N_("Mute and remove conversations"),
    "write:favourites": N_("Like posts in your name"),
    "write:filters": N_("Make and change filters"),
    "write:follows": N_("Follow and unfollow people"),
    "write:lists": N_("Make and change lists"),
    "write:media": N_("Upload pictures and other files"),
    "write:mutes": N_("Mute people and conversations"),
    "write:notifications": N_("Clear your notifications"),
    "write:reports": N_("Report others to the moderators"),
    "write:statuses": N_("Write and delete posts in your name"),
    "follow": N_("Follow, mute and block people, and undo all of it"),
    "push": N_("Send you notifications, even while it is closed"),
    "admin:read": N_("See everything that moderators see"),
    "admin:read:accounts": N_("See what moderators see of accounts, e-mail addresses too"),
    "admin:read:reports": N_("See what moderators see of reports"),
    "admin:read:domain_allows": N_("See which servers are let in"),
    "admin:read:domain_blocks": N_("See which servers are blocked"),
    "admin:read:ip_blocks": N_("See which internet addresses are blocked"),
    "admin:read:email_domain_blocks": N_("See which e-mail providers are blocked"),
    "admin:read:canonical_email_blocks": N_("See which e-mail addresses are blocked"),
    "admin:write": N_("Do everything that moderators do"),
    "admin:write:accounts": N_("Moderate accounts"),
    "admin:write:reports": N_("Decide about reports"),
    "admin:write:domain_allows": N_("Decide which servers are let in"),
    "admin:write:domain_blocks": N_("Decide which servers are blocked"),
    "admin:write:ip_blocks": N_("Decide which internet addresses are blocked"),
    "admin:write:email_domain_blocks": N_("Decide which e-mail providers are blocked"),
    "admin:write:canonical_email_blocks": N_("Decide which e-mail addresses are blocked"),
}


def abilities(scopes: Iterable[str]) -> list[str]:
    """What these let an app do, each thing said once: who may all needs no list of parts."""
    given = frozenset(scopes)
    return [
        SENTENCES[scope]
        for scope in SCOPES
        if scope in given and not covers(given - {scope}, scope)
    ]
