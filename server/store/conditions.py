"""What the SQL of timelines shares: the columns of an entry, and what a viewer may see and wants.

A post is `p`, its author `a`, the viewer `:me`.
"""

from collections.abc import Iterable

from server.model import Entry
from server.store.db import Read, Row, cells
from server.store.paging import among

SEARCHABLE = """
    (a.indexable = 1 OR p.author_id = :me
     OR EXISTS (SELECT 1 FROM mention s WHERE s.post_id = p.id AND s.account_id = :me)
     OR EXISTS (SELECT 1 FROM favourite s WHERE s.post_id = p.id AND s.account_id = :me)
     OR EXISTS (SELECT 1 FROM boost s WHERE s.post_id = p.id AND s.account_id = :me)
     OR EXISTS (SELECT 1 FROM bookmark s WHERE s.account_id = :me AND s.post_id = p.id))
"""
"""Its author lets everybody find it by its words, or the viewer had to do with it. FEP-5feb."""
SHOWN = """
    p.id AS post_id, p.version AS post_version, p.author_id, a.version AS author_version,
    p.replies, p.likes, p.boosts,
    CASE WHEN p.likes = 0 THEN 1 = 0 ELSE EXISTS (
        SELECT 1 FROM favourite v WHERE v.post_id = p.id AND v.account_id = :me) END AS liked,
    CASE WHEN p.boosts = 0 THEN 1 = 0 ELSE EXISTS (
        SELECT 1 FROM boost w WHERE w.post_id = p.id AND w.account_id = :me) END AS boosted,
    EXISTS (SELECT 1 FROM bookmark k WHERE k.account_id = :me AND k.post_id = p.id) AS bookmarked,
    EXISTS (SELECT 1 FROM thread_mute u WHERE u.account_id = :me AND u.thread_id = p.thread_id)
        AS muted,
    p.quotes
"""
"""As the fields of `Entry` follow its `id` and `booster_id`.

What nobody liked or boosted, the viewer did not either: each look is at a page of its own.
"""
UNWANTED = """
    SELECT target_id FROM mute WHERE account_id = :me
    UNION ALL SELECT target_id FROM block WHERE account_id = :me
    UNION ALL SELECT account_id FROM block WHERE target_id = :me
"""
WANTED = f"""
    p.author_id NOT IN ({UNWANTED})
    AND a.domain NOT IN (SELECT domain FROM domain_mute WHERE account_id = :me)
"""  # noqa: S608
"""Of a post `p` by `a`: its author is nobody whom the viewer `:me` is spared."""
KNOWN = """
    (a.limited_ms IS NULL OR a.id = :me OR EXISTS (SELECT 1 FROM follow l
     WHERE l.follower_id = :me AND l.target_id = a.id AND l.state = 'accepted'))
"""
"""Of an account `a`: moderators have not limited it, or the viewer follows it."""
FOUND = f"a.state = 'active' AND {WANTED} AND {KNOWN}"
"""What a list that everybody may open (local, federated, of a hashtag) asks of an author."""
IN_LISTS = """
    SELECT l.account_id FROM list_member e JOIN list l ON l.id = e.list_id
    WHERE e.account_id = :by AND l.exclusive = 1
"""
"""Who has `:by` in a list whose members stay out of the home timeline (`home.aside`)."""
READABLE = f"""
    p.deleted_ms IS NULL
    AND a.state IN ('active', 'gone') AND {WANTED} AND {KNOWN}
    AND (p.visibility IN ('public', 'unlisted') OR p.author_id = :me
         OR (p.visibility NOT IN ('removed', 'waiting')
             AND EXISTS (SELECT 1 FROM mention m WHERE m.post_id = p.id AND m.account_id = :me))
         OR (p.visibility = 'followers' AND EXISTS (SELECT 1 FROM follow f
             WHERE f.follower_id = :me AND f.target_id = p.author_id AND f.state = 'accepted')))
"""  # noqa: S608
OF_A_THREAD = f"p.thread_id = :thread AND {READABLE}"
NO_ANSWER = """
    (p.reply_to_uri IS NULL OR EXISTS (SELECT 1 FROM post r
     WHERE r.id = p.reply_to_id AND r.author_id = p.author_id))
"""
"""A post that answers nobody, or its own author."""
TAGGED = "EXISTS (SELECT 1 FROM hashtag t WHERE t.post_id = p.id AND t.tag = :tag)"
WRITTEN = "(t.stem = 0 OR EXISTS (SELECT 1 FROM hashtag o WHERE o.tag = t.tag AND o.stem = 0))"
"""Of a row `t` of `hashtag`: somebody wrote this hashtag so, with or without a particle after it.
What merely ends as if it had one (실험결과) makes no hashtag of its beginning.
"""
WITH_MEDIA = "EXISTS (SELECT 1 FROM media g WHERE g.post_id = p.id AND g.kind <> 'link')"


def unwanted(db: Read, viewer_id: int, author_ids: Iterable[int]) -> set[int]:
    """Whose of these the viewer is spared in threads: muted, blocked, of a server that they shut
    out, and whoever is limited and not followed.
    """
    found = among(
        db,
        f"""
        SELECT a.id FROM account a WHERE a.id IN (:list)
          AND (a.id IN ({UNWANTED}) OR NOT {KNOWN}
               OR a.domain IN (SELECT domain FROM domain_mute WHERE account_id = :me))
        """,  # noqa: S608
        author_ids,
        me=viewer_id,
    )
    return {int(row["id"]) for row in found}


def entry(row: Row) -> Entry:
    """A row of an id, the id of the booster, and the columns of `SHOWN`."""
    return Entry(*cells(row))


def pictured(wanted: bool) -> str:
    """The condition that a post has something to look at or to listen to."""
    return f" {WITH_MEDIA} AND" if wanted else ""


def spoken(language: str) -> str:
    """SQL: a follow `f` wants what is in the language that the SQL `language` names."""
    whole, first = f"lower({language})", f"substr(lower({language}), 1, 2)"
    return f"""(f.languages = '[]' OR {language} = ''
        OR f.languages LIKE '%"' || {whole} || '"%' OR f.languages LIKE '%"' || {first} || '"%')"""
