"""What somebody sorts for themself: List, Filter and its parts, Tag, FeaturedTag."""

from collections.abc import Iterable

from server.model import Site
from server.services.filters import Match
from server.services.tags import Tag, Use
from server.store.filters import Filter, FilteredPost, Keyword
from server.store.lists import List
from server.store.tags import Featured
from web import entities
from web.present.values import day, when_or_none
from web.present.values import tag as status_tag


def list_(of: List) -> entities.List:
    """List."""
    return {
        "id": str(of.id),
        "title": of.title,
        "replies_policy": of.replies_policy,
        "exclusive": bool(of.exclusive),
    }


def filter_(of: Filter) -> entities.Filter:
    """Filter, whole."""
    return {
        **_head(of),
        "keywords": [filter_keyword(one) for one in of.keywords],
        "statuses": [filter_status(one) for one in of.posts],
    }


def _head(of: Filter) -> entities.Filter:
    return {
        "id": str(of.id),
        "title": of.title,
        "context": of.contexts.split(),
        "expires_at": when_or_none(of.expires_ms),
        "filter_action": of.action,
    }


def filter_keyword(of: Keyword) -> entities.FilterKeyword:
    """FilterKeyword."""
    return {"id": str(of.id), "keyword": of.keyword, "whole_word": bool(of.whole_word)}


def filter_status(of: FilteredPost) -> entities.FilterStatus:
    """FilterStatus."""
    return {"id": str(of.id), "status_id": str(of.post_id)}


def filter_result(match: Match) -> entities.FilterResult:
    """FilterResult."""
    return {
        "filter": _head(match.filter),
        "keyword_matches": list(match.keywords) or None,
        "status_matches": [str(id) for id in match.post_ids] or None,
    }


def filter_v1(of: Filter, word: Keyword) -> entities.FilterV1:
    """V1::Filter: a keyword, with what its filter does."""
    return {
        "id": str(word.id),
        "phrase": word.keyword,
        "context": of.contexts.split(),
        "whole_word": bool(word.whole_word),
        "expires_at": when_or_none(of.expires_ms),
        "irreversible": of.action == "hide",
    }


def described_tag(site: Site, tag: Tag) -> entities.Tag:
    """Tag, with its use and how the viewer stands to it."""
    found = status_tag(site, tag.name)
    entity: entities.Tag = {
        "id": tag.name,
        "name": tag.name,
        "url": found["url"],
        "history": history(tag.history),
    }
    if tag.following is not None:
        entity["following"] = tag.following
    if tag.featuring is not None:
        entity["featuring"] = tag.featuring
    return entity


def history(uses: Iterable[Use]) -> list[entities.TagHistory]:
    """History: today first, every number a text."""
    return [
        {"day": str(one.day), "uses": str(one.uses), "accounts": str(one.accounts)} for one in uses
    ]


def featured_tag(site: Site, of: Featured) -> entities.FeaturedTag:
    """FeaturedTag; its address is that of the hashtag here."""
    return {
        "id": str(of.id),
        "name": of.name,
        "url": status_tag(site, of.tag)["url"],
        "statuses_count": str(of.posts),
        "last_status_at": day(of.last_ms),
    }
