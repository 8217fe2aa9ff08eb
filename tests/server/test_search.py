"""Posts are found by their words: what is compared, who finds what, and however it is kept."""

from collections.abc import Callable

import pytest

from server.clock import DAY_MS
from server.model import REMOVED, Account
from server.services import asking, communities, indexing, posts, search
from server.services import bookmarks as bookmark_service
from server.services.communities import NewCommunity
from server.services.polls import NewPoll
from server.store import accounts, bitmaps, follows, search_index, tags, trends
from server.store import blog as store
from server.store import posts as rows
from server.store import search as search_store
from server.store.blog import Filed
from server.store.db import Write
from server.store.paging import Page
from server.store.tags import Tagged
from server.text import finding
from tests.server.test_blog import found as blog_of
from tests.server.test_blog import two_levels
from tests.server.world import (
    EVE,
    KEYS,
    NOW,
    SITE,
    befriend,
    create,
    deliver,
    join,
    note,
    number,
    say,
    stranger,
)

Kept = Callable[[Write], None]


def as_it_waits(tx: Write) -> None:
    """Nobody has looked at the posts yet."""


def among_the_recent(tx: Write) -> None:
    """The worker has looked."""
    indexing.looked(tx, *indexing.look(tx))


def in_stretches(tx: Write) -> None:
    """There were enough for a stretch: here of two posts."""
    among_the_recent(tx)
    while made := search_index.recent(tx, 2):
        indexing.write_stretch(tx, indexing.stretch(made))


def catch_up(tx: Write) -> None:
    """Everything that the worker would do, at once."""
    while (seen := indexing.look(tx))[0]:
        indexing.looked(tx, *seen)
    while (old := indexing.look_back(tx)) is not None:
        indexing.looked_back(tx, old)
    while (made := indexing.gather(tx)) is not None:
        indexing.write_stretch(tx, made)


def renew(tx: Write, now_ms: int) -> bool:
    """As the worker does it with few posts. False when all is as it should be."""
    found = indexing.to_check(tx, now_ms)
    if found is None:
        return False
    id, ids = found
    if ids:
        indexing.dissolve(tx, id, indexing.findable(tx, ids))
    else:
        search_index.checked(tx, id, now_ms)
    while (gone := search_index.retired(tx)) is not None:
        search_index.clear(tx, gone, indexing.TERMS_AT_ONCE)
    return True


@pytest.fixture(params=[as_it_waits, among_the_recent, in_stretches])
def kept(request: pytest.FixtureRequest) -> Kept:
    """However posts are kept at the moment."""
    found: Kept = request.param
    return found


@pytest.fixture
def ann(tx: Write) -> Account:
    return join(tx, "ann")


@pytest.fixture
def bob(tx: Write) -> Account:
    return join(tx, "bob")


def found(tx: Write, typed: str, viewer: Account | None = None, **more: object) -> list[int]:
    asked = asking.read(typed, "Asia/Seoul")
    page = more.pop("page", Page())
    assert isinstance(page, Page)
    return [
        entry.id
        for entry in search.find(tx, viewer.id if viewer else None, asked, page, **more).entries  # type: ignore[arg-type]
    ]


TEXTS = {
    "kimjang": "오늘 김장을 담갔어요",
    "minwon": "민원실에서 기다립니다",
    "flower": "벚꽃이 피었습니다",
    "end": "마당에 꽃",
    "english": "The markets of Seoul: BTS공연 opened at Gwanghwamun",
    "fullwidth": "ＫＴＸ １２３호",
    "nfd": "\u1100\u1175\u11b7\u110e\u1175 나눔",  # 김치, in pieces
    "warned": "내용은 안에",
}
QUERIES = {
    "김장": {"kimjang"},
    "민원": {"minwon"},
    "민원실에서": {"minwon"},
    "꽃": {"flower", "end"},
    "벚꽃": {"flower"},
    "market": set(),
    "markets": {"english"},
    "MARKETS seoul": {"english"},
    '"markets of seoul"': {"english"},
    '"seoul markets"': set(),
    "공연": {"english"},
    "bts": {"english"},
    "BTS공연": {"english"},
    "광화문": set(),
    "ktx": {"fullwidth"},
    "123": {"fullwidth"},
    "김치": {"nfd"},
    "김": {"kimjang", "nfd"},
    "오늘 김장": {"kimjang"},
    "오늘 -김장": set(),
    "-김장": set(),
    "조심": {"warned"},
    "…": set(),
    "": set(),
    "장담": set(),
}


def test_words_are_found_in_texts_of_every_kind(tx: Write, ann: Account, kept: Kept) -> None:
    ids = {
        say(tx, ann, text, warning="조심하세요" if name == "warned" else "").id: name
        for name, text in TEXTS.items()
    }
    kept(tx)
    told = {query: {ids[id] for id in found(tx, query)} for query in QUERIES}
    assert told == QUERIES


def test_who_skips_much_has_no_more_compared_than_many_pages(
    tx: Write, ann: Account, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CHARACTERS", 1_000)
    monkeypatch.setattr(search, "MOST_SKIPPED", 4_000)
    monkeypatch.setattr(search, "AT_ONCE", 3)
    ids = [say(tx, ann, f"시장 소식 {n} " + "가나 " * 300).id for n in range(12)][::-1]
    kept(tx)
    asked = asking.read("시장", "UTC")
    far = search.find(tx, None, asked, Page(limit=3), offset=9)
    assert far.entries == [] and far.older_id in ids[3:6], "and says where to look on"
    near = search.find(tx, None, asked, Page(limit=2), offset=1)
    assert [entry.id for entry in near.entries] == ids[1:3]


def test_the_newest_come_first_and_pages_follow_one_another(
    tx: Write, ann: Account, kept: Kept
) -> None:
    ids = [say(tx, ann, f"시장 소식 {n}").id for n in range(7)][::-1]
    say(tx, ann, "다른 이야기")
    kept(tx)
    assert found(tx, "시장") == ids
    assert found(tx, "시장", page=Page(limit=3)) == ids[:3]
    assert found(tx, "시장", page=Page(limit=3), offset=2) == ids[2:5]
    assert found(tx, "시장", page=Page(max_id=ids[2], limit=3)) == ids[3:6]
    assert found(tx, "시장", page=Page(min_id=ids[4], limit=3)) == ids[1:4]
    assert found(tx, "시장", page=Page(since_id=ids[4], limit=3)) == ids[:3]
    asked = asking.read("시장", "UTC")
    first = search.find(tx, None, asked, Page(limit=3))
    assert first.older_id == ids[2]
    assert search.find(tx, None, asked, Page(max_id=ids[3], limit=3)).older_id is None


def test_a_particle_on_a_hashtag_does_not_hide_the_post(
    tx: Write, ann: Account, kept: Kept
) -> None:
    there = say(tx, ann, "#서울에서 만나요")
    say(tx, ann, "#고양이 사진")
    kept(tx)
    assert found(tx, "#서울") == found(tx, "#서울에서") == [there.id]
    assert found(tx, "#고양") == []
    assert number(tx, "SELECT count(*) FROM hashtag WHERE tag = '서울'") == 1
    assert rows.by_id(tx, there.id) == there  # what peers are told stays what was written
    assert there.tags == '["서울에서"]'


def test_the_beginning_of_a_word_is_no_hashtag_before_somebody_wrote_it(
    tx: Write, ann: Account
) -> None:
    posts_before = [say(tx, ann, "#실험결과"), say(tx, ann, "#서울에서")]
    assert search.hashtags(tx, "실험", 9) == ["실험결과"]
    assert search.hashtags(tx, "서울", 9) == ["서울에서"]
    assert {row["tag"] for row in trends.tags(tx, 0)} == {"실험결과", "서울에서"}
    assert tags.used_by(tx, ann.id, 0, 9) == ["서울에서", "실험결과"]
    shown = tags.tag(tx, 0, Tagged("서울"), Page())
    assert [entry.id for entry in shown] == [posts_before[1].id]
    say(tx, ann, "#서울")
    assert search.hashtags(tx, "서울", 9) == ["서울", "서울에서"]
    assert {row["tag"] for row in trends.tags(tx, 0)} == {"실험결과", "서울에서", "서울"}


@pytest.mark.parametrize(
    ("tag", "stem"),
    [
        *(("서울에서", "서울"), ("김장을", "김장"), ("시청은", "시청"), ("학교는", "학교")),
        *(("광명의", "광명"), ("부산까지", "부산"), ("사람으로", "사람"), ("친구와", "친구")),
        *(("고양이", None), ("제주도", None), ("소설가", None), ("세종로", None)),
        *(("민주주의", None), ("시민회의", None), ("사과", None), ("집에서", None)),
        *(("친구한테", "친구"), ("어머니께서", "어머니"), ("다함께", None), ("아산만", None)),
        *(("학교을", None), ("시청는", None), ("seoul에서", None), ("은", None)),
    ],
)
def test_a_particle_is_taken_off_where_it_is_one(tag: str, stem: str | None) -> None:
    assert finding.tag_stem(tag) == stem


# --- who finds what


def test_only_what_is_for_everybody_is_found_by_others(
    tx: Write, ann: Account, bob: Account, kept: Kept
) -> None:
    befriend(tx, bob, ann)
    public = say(tx, ann, "시장 모두에게")
    for visibility in ("unlisted", "followers", "direct"):
        say(tx, ann, "시장 @bob", visibility=visibility)
    kept(tx)
    assert number(tx, "SELECT count(*) FROM search_recent WHERE words LIKE '%bob%'") == 0
    for viewer in (None, bob, ann):
        assert found(tx, "시장", viewer) == [public.id]


def test_nothing_private_is_in_the_index(tx: Write, ann: Account) -> None:
    for visibility in ("unlisted", "followers", "direct"):
        say(tx, ann, "비밀모임", visibility=visibility)
    for table in ("search_waiting", "search_recent"):
        assert number(tx, f"SELECT count(*) FROM {table}") == 0


def test_who_does_not_let_posts_be_found_is_found_by_those_who_had_to_do_with_them(
    tx: Write, ann: Account, bob: Account, kept: Kept
) -> None:
    accounts.set_columns(tx, ann.id, indexable=0)
    post = say(tx, ann, "<b>시장</b> &amp; 소식")
    named = say(tx, ann, "시장 @bob")
    kept(tx)
    assert found(tx, "시장") == []
    assert found(tx, "시장", bob) == [named.id]
    assert found(tx, "시장", ann) == [named.id, post.id]
    bookmark_service.save(tx, SITE, bob, post.id, NOW)
    assert found(tx, "시장", bob) == [named.id, post.id]
    assert found(tx, "시장 -bob", bob) == [post.id]


def test_who_lets_posts_be_found_from_now_on_is_found_with_the_old_ones(
    tx: Write, ann: Account, bob: Account, kept: Kept
) -> None:
    accounts.set_columns(tx, ann.id, indexable=0)
    post = say(tx, ann, "시장 소식")
    catch_up(tx)
    assert found(tx, "시장", bob) == []
    accounts.set_columns(tx, ann.id, indexable=1)
    catch_up(tx)
    kept(tx)
    assert found(tx, "시장", bob) == [post.id]
    accounts.set_columns(tx, ann.id, indexable=0)
    assert found(tx, "시장", bob) == []
    accounts.set_columns(tx, ann.id, indexable=1)
    catch_up(tx)
    assert found(tx, "시장", bob) == [post.id]
    assert number(tx, "SELECT count(*) FROM search_old") == 0


def test_a_strangers_posts_are_found_if_they_let_us(tx: Write, ann: Account, kept: Kept) -> None:
    eve = stranger(tx, EVE)
    befriend(tx, ann, eve)
    deliver(
        tx,
        create(
            note("https://far.test/notes/8", EVE, content="<p>시장</p>"), id="https://far.test/8"
        ),
    )
    assert found(tx, "시장", ann) == []
    stranger(tx, EVE, indexable=True)
    deliver(
        tx,
        create(
            note("https://far.test/notes/9", EVE, content="<p>시장</p>"), id="https://far.test/9"
        ),
    )
    catch_up(tx)
    kept(tx)
    assert len(found(tx, "시장", ann)) == len(found(tx, "시장")) == 2


@pytest.mark.parametrize("state", ["suspended", "blocked", "gone"])
def test_who_is_shut_out_is_not_found(
    tx: Write, ann: Account, bob: Account, kept: Kept, state: str
) -> None:
    say(tx, ann, "시장")
    kept(tx)
    accounts.set_columns(tx, ann.id, state=state)
    assert found(tx, "시장", bob) == found(tx, "시장") == []


def test_who_is_limited_is_found_by_followers_alone(
    tx: Write, ann: Account, bob: Account, kept: Kept
) -> None:
    post = say(tx, ann, "시장")
    kept(tx)
    accounts.set_columns(tx, ann.id, limited_ms=NOW)
    assert found(tx, "시장", bob) == []
    befriend(tx, bob, ann)
    assert found(tx, "시장", bob) == [post.id]


def test_who_is_muted_or_blocked_is_not_found(
    tx: Write, ann: Account, bob: Account, kept: Kept
) -> None:
    say(tx, ann, "시장")
    kept(tx)
    tx.run(
        "INSERT INTO block (account_id, target_id, id, uri, created_ms)"
        " VALUES (:ann, :bob, 1, 'x', 1)",
        ann=ann.id,
        bob=bob.id,
    )
    assert follows.apart(tx, ann.id, bob.id)
    assert found(tx, "시장", bob) == []


# --- what becomes of a post


def test_an_edit_is_found_by_its_new_words_alone(
    tx: Write, ann: Account, kept: Kept, bob: Account
) -> None:
    post = say(tx, ann, "시장 소식")
    kept(tx)
    posts.edit(tx, SITE, ann, post.id, posts.NewPost(content="도서관 소식"), NOW + 1)
    for _ in range(2):
        assert found(tx, "시장", bob) == []
        assert found(tx, "도서관", bob) == found(tx, "소식") == [post.id]
        kept(tx)


def test_what_is_deleted_or_removed_is_not_found(tx: Write, ann: Account, kept: Kept) -> None:
    gone, removed = say(tx, ann, "시장 하나"), say(tx, ann, "시장 둘")
    kept(tx)
    posts.delete(tx, SITE, ann, gone.id, NOW)
    rows.set_columns(tx, removed.id, visibility=REMOVED)
    assert found(tx, "시장", ann) == []
    catch_up(tx)
    assert number(tx, "SELECT count(*) FROM search_recent") == 0
    rows.set_columns(tx, removed.id, visibility="public")
    kept(tx)
    assert found(tx, "시장") == [removed.id]


@pytest.mark.parametrize(
    "hide",
    [
        lambda tx, ann, id: posts.edit(tx, SITE, ann, id, posts.NewPost(content="소식"), NOW + 1),
        lambda tx, ann, id: posts.delete(tx, SITE, ann, id, NOW),
        lambda tx, ann, id: rows.set_columns(tx, id, visibility=REMOVED),
        lambda tx, ann, id: rows.set_columns(tx, id, visibility="secret"),
        lambda tx, ann, id: accounts.set_columns(tx, ann.id, indexable=0),
    ],
    ids=["edited", "deleted", "removed", "secret", "not to be found"],
)
def test_words_that_nobody_may_find_are_written_out_of_their_stretch(
    tx: Write, ann: Account, bob: Account, hide: Callable[[Write, Account, int], object]
) -> None:
    post, other = say(tx, ann, "시장 소식"), say(tx, bob, "도서관 소식")
    in_stretches(tx)
    has = "SELECT count(*) FROM search_term WHERE term = :term"
    hide(tx, ann, post.id)
    assert found(tx, "시장", bob) == []
    catch_up(tx)
    assert number(tx, has, term="시장") == 1
    assert renew(tx, DAY_MS)
    assert not renew(tx, DAY_MS)
    assert number(tx, has, term="시장") == 0
    assert found(tx, "시장", bob) == []
    assert found(tx, "도서관", bob) == [other.id]


def test_the_order_is_the_same_however_posts_are_scattered(tx: Write, ann: Account) -> None:
    ids = [say(tx, ann, f"시장 {n}").id for n in range(12)]
    among_the_recent(tx)
    words = search_index.recent(tx, 99)
    for some in ([0, 3, 6, 9], [1, 2, 10], [4, 5]):
        indexing.write_stretch(tx, indexing.stretch({ids[n]: words[ids[n]] for n in some}))
    search_index.put(tx, {ids[3]: words[ids[3]]})
    assert found(tx, "시장", page=Page(limit=20)) == ids[::-1]
    assert found(tx, "시장", page=Page(max_id=ids[9], limit=4)) == ids[5:9][::-1]
    assert found(tx, "시장", page=Page(min_id=ids[2], limit=4)) == ids[3:7][::-1]


# --- filters


def test_filters_narrow_it_down(tx: Write, ann: Account, bob: Account, kept: Kept) -> None:
    board = communities.create(
        tx, SITE, NewCommunity(name="market", title="시장", kind="board", keys=KEYS), NOW
    )
    story = say(tx, ann, "시장 이야기", title="시장")
    plain = say(tx, bob, "시장 소식 #나눔", language="en")
    comment = say(tx, bob, "시장 댓글", reply_to_id=story.id)
    thread = say(tx, ann, "시장 토론")
    rows.set_columns(tx, thread.id, community_id=board.id)
    old = say(tx, bob, "시장 옛날")
    tx.run("UPDATE post SET published_ms = :at WHERE id = :id", at=NOW - 400 * DAY_MS, id=old.id)
    kept(tx)
    everything = {post.id for post in (story, plain, comment, thread, old)}
    told = {
        "시장": everything,
        "kind:story": {story.id},
        "시장 kind:thread": {thread.id},
        "시장 kind:comment": {comment.id},
        "시장 kind:post": {plain.id, old.id},
        "시장 -kind:story": everything - {story.id},
        "from:@bob": {plain.id, comment.id, old.id},
        "from:@bob@here.test": set(),
        "from:me": {story.id, thread.id},
        "시장 -from:@bob": {story.id, thread.id},
        "from:@nobody": set(),
        "in:@market": {thread.id},
        "in:nowhere": set(),
        "category:나눔": {plain.id},
        "시장 language:en": {plain.id},
        "시장 before:2026": {old.id},
        "시장 before:2020": set(),
        "시장 after:2025": everything - {old.id},
        "시장 during:2025-10": {old.id},
        "시장 kind:castle": set(),
        "시장 before:yesterday": set(),
        "시장 has:image": set(),
        "시장 has:poll": set(),
    }
    assert {query: set(found(tx, query, ann)) for query in told} == told
    assert set(found(tx, "시장", author_id=bob.id)) == {plain.id, comment.id, old.id}
    assert found(tx, "from:me") == []


def test_stories_of_a_team_blog_are_found_by_category_and_neighbourhood(
    tx: Write, ann: Account, kept: Kept
) -> None:
    new = NewCommunity(name="dong", title="느티동", kind="neighbourhood", keys=KEYS, tag="느티동")
    place = communities.create(tx, SITE, new, NOW)
    home = blog_of(tx, ann)
    love, small = two_levels(tx, ann, home)
    filed = Filed(category_id=small.id, neighbourhood_id=place.id)
    story = say(tx, ann, "김장", title="골목", community_id=home.account.id, filed=filed)
    above = say(
        tx,
        ann,
        "김장",
        title="골목",
        community_id=home.account.id,
        filed=Filed(category_id=love.id),
    )
    thread = say(tx, ann, "김장")
    rows.set_columns(tx, thread.id, community_id=place.id)
    tagged = say(tx, ann, "김장 #느티동에서")
    say(tx, ann, "김장")
    kept(tx)
    told = {
        '김장 category:"소소한 일상"': {story.id},
        "김장 category:사랑소통": {story.id, above.id},
        "김장 -category:소소한일상 kind:story": {above.id},
        "김장 in:dong": {story.id, thread.id, tagged.id},
        "김장 in:느티동": {story.id, thread.id, tagged.id},
        "김장 in:project": {story.id, above.id},
    }
    assert {query: set(found(tx, query)) for query in told} == told
    store.remove_category(tx, small)
    assert found(tx, '김장 category:"소소한 일상"') == []
    assert set(found(tx, "category:사랑소통")) == {story.id, above.id}


def test_only_so_many_posts_are_compared_and_the_rest_can_be_asked_for(
    tx: Write, ann: Account, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_LOOKED_AT", 4)
    wanted = say(tx, ann, "시장 소식 하나")
    for _ in range(6):
        say(tx, ann, "소식 없는 시장")
    kept(tx)
    asked = asking.read('"시장 소식"', "UTC")
    first = search.find(tx, None, asked, Page(limit=2))
    assert first.entries == [] or first.older_id is None
    page = first
    for _ in range(4):
        if page.older_id is None:
            break
        page = search.find(tx, None, asked, Page(max_id=page.older_id, limit=2))
    assert [entry.id for entry in page.entries] == [wanted.id]


def windows(tx: Write, typed: str, limit: int = 2, *, most: int = 30) -> list[list[int]]:
    """What each page has, to the last."""
    asked, pages, older_id = asking.read(typed, "UTC"), [], None
    while len(pages) < most:
        page = search.find(tx, None, asked, Page(max_id=older_id, limit=limit))
        pages.append([entry.id for entry in page.entries])
        if page.older_id is None:
            break
        assert older_id is None or page.older_id < older_id, "each page goes on"
        older_id = page.older_id
    return pages


def test_long_posts_are_compared_few_at_a_time_and_none_is_passed_over(
    tx: Write, ann: Account, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_CHARACTERS", 2_500)
    looked_at: list[int] = []
    described = indexing.described
    monkeypatch.setattr(
        indexing,
        "described",
        lambda db, ids, needs=(): looked_at.append(len(ids)) or described(db, ids, needs),
    )
    wanted = say(tx, ann, "시장 소식").id
    for _ in range(6):
        say(tx, ann, f"소식 시장 {'x' * 1_000}", title="Long")
    giant = say(tx, ann, f"시장 소식 {'y' * 9_000}", title="Longer than all that is compared").id
    kept(tx)
    looked_at.clear()
    pages = windows(tx, '"시장 소식"')
    assert [id for page in pages for id in page] == [giant, wanted]
    assert max(looked_at) <= 3
    assert len(pages) <= 2 if kept is among_the_recent else 4 <= len(pages) <= 6


@pytest.mark.parametrize("upwards", [False, True])
def test_what_stands_in_no_stretch_is_looked_through_as_far_as_it_is_not_too_long(
    tx: Write, ann: Account, monkeypatch: pytest.MonkeyPatch, upwards: bool
) -> None:
    """And what is in a stretch comes in its place, between the pages."""
    monkeypatch.setattr(search_store, "RECENT_CHARACTERS", 2_000)
    monkeypatch.setattr(search_store, "RECENT", 4)
    written = [say(tx, ann, f"시장 {n}", title="Old").id for n in range(4)]
    in_stretches(tx)
    for n in range(12):
        written.append(say(tx, ann, f"{'소식 ' * 200}{'시장' if n % 3 == 0 else ''}", title="x").id)
    among_the_recent(tx)
    rows.set_columns(tx, written[1], content=f"<p>시장 {'소식 ' * 200}</p>")  # recent again
    among_the_recent(tx)
    fitting = [*written[:4], *written[4::3]]
    asked, found, after = asking.read("시장", "UTC"), [], 0 if upwards else None
    for _ in range(20):
        page = Page(min_id=after, limit=40) if upwards else Page(max_id=after, limit=40)
        results = search.find(tx, None, asked, page)
        found += [entry.id for entry in results.entries][:: -1 if upwards else 1]
        if results.older_id is None:
            break
        assert len(results.entries) < len(fitting) - 2, "so far it can be read"
        after = results.older_id
    assert found == sorted(fitting, reverse=not upwards)


# --- how it is kept


def test_long_posts_make_a_stretch_before_they_are_many(
    tx: Write, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MOST_RECENT_CHARACTERS", 5_000)
    ids = [say(tx, ann, f"시장 {'소식 ' * 600}", title="Long").id for _ in range(2)]
    among_the_recent(tx)
    lengths = tx.all("SELECT length(words) - characters AS n FROM search_recent")
    assert [row["n"] for row in lengths] == [0, 0]
    assert indexing.gather(tx) is None
    ids.append(say(tx, ann, f"시장 {'소식 ' * 600}", title="Long").id)
    among_the_recent(tx)
    assert indexing.due_ms(tx) == 0
    made = indexing.gather(tx)
    assert made is not None
    indexing.write_stretch(tx, made)
    assert number(tx, "SELECT count(*) FROM search_recent") == 0
    assert found(tx, "시장") == ids[::-1]


def test_old_posts_are_looked_at_some_at_a_time_and_once(tx: Write, ann: Account) -> None:
    ids = [say(tx, ann, f"시장 #광명에서 {n}").id for n in range(7)]
    for table in ("search_waiting", "hashtag"):
        tx.run(f"DELETE FROM {table}")
    tx.run("INSERT INTO search_old (author_id, before_id) VALUES (0, :after)", after=ids[-1] + 1)
    assert found(tx, "시장") == []
    steps = 0
    while (old := indexing.look_back(tx, 3)) is not None:
        indexing.looked_back(tx, old)
        indexing.looked_back(tx, old)  # interrupted before its commit was told
        steps += 1
        assert found(tx, "시장") == ids[::-1][: 3 * steps]
    assert steps == 3
    assert number(tx, "SELECT count(*) FROM hashtag WHERE tag = '광명'") == 7


def test_a_post_that_changes_while_it_is_looked_at_waits_on(tx: Write, ann: Account) -> None:
    post = say(tx, ann, "시장")
    seen = indexing.look(tx)
    rows.set_columns(tx, post.id, content="<p>도서관</p>")
    indexing.looked(tx, *seen)
    assert search_index.waiting(tx, 9) == {post.id: 2}
    assert found(tx, "도서관") == [post.id]


def test_a_stretch_that_was_not_finished_is_written_anew(tx: Write, ann: Account) -> None:
    post = say(tx, ann, "시장")
    among_the_recent(tx)
    made = indexing.stretch(search_index.recent(tx, 9))
    id = search_index.next_stretch(tx)
    search_index.write_terms(tx, id, [("시장", [0, 1])])
    assert found(tx, "시장") == [post.id]
    assert indexing.write_stretch(tx, made) == id
    assert found(tx, "시장") == [post.id]
    assert number(tx, "SELECT count(*) FROM search_recent") == 0


@pytest.mark.parametrize("places", [[], [0], [8191], [3, 9, 4000], list(range(0, 8192, 3))])
def test_places_are_read_as_they_were_written(places: list[int]) -> None:
    bits = bitmaps.unpacked(bitmaps.packed(places))
    assert bitmaps.common([bitmaps.packed(places)]) == bits
    for others in ([3, 4000, 5000], list(range(0, 8192, 9))):
        stored = [bitmaps.packed(places), bitmaps.packed(others)]
        assert set(bitmaps.places(bitmaps.common(stored))) == set(places) & set(others)
    assert list(bitmaps.places(bits, upwards=True)) == places
    assert list(bitmaps.places(bits)) == places[::-1]


def test_the_work_is_promised_once_and_only_when_there_is_some(tx: Write, ann: Account) -> None:
    assert indexing.due_ms(tx) is None
    say(tx, ann, "시장")
    assert indexing.due_ms(tx) == 0
    assert not indexing.promise(tx, SITE, NOW)
    assert indexing.due_ms(tx) is None
    assert number(tx, "SELECT count(*) FROM job WHERE kind = 'index'") == 1


def test_pictures_and_polls_are_found_by_what_they_say(tx: Write, ann: Account, kept: Kept) -> None:
    post = say(tx, ann, "골라 주세요", poll=NewPoll(options=("파전", "김치전"), lasts_s=3600))
    kept(tx)
    assert found(tx, "파전") == found(tx, "has:poll") == [post.id]
