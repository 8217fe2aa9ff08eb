"""The shape of threads: nothing is lost, nothing is shown twice, whatever answers what."""

from collections.abc import Callable
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.services.threads import Twig
from web.pages import threads
from web.pages.threads import Leaf, Part, Sheet

ROOT = 1


@st.composite
def forests(draw: st.DrawFn) -> list[Twig]:
    """Replies that answer the root, one another, themselves, in circles, or nothing."""
    many = draw(st.integers(0, 40))
    ids = range(2, 2 + many)
    return [
        Twig(id, draw(st.integers(1, 4)), draw(st.integers(0, many + 3)), draw(st.booleans()))
        for id in ids
    ]


@st.composite
def news(draw: st.DrawFn) -> tuple[list[Twig], frozenset[int]]:
    """As `forests`, and which of it is new."""
    twigs = draw(forests())
    return twigs, frozenset(twig.id for twig in twigs if draw(st.booleans()))


@pytest.fixture(autouse=True, scope="module")
def small_pages():
    with patch.multiple(threads, SHEET=7, BRANCH=2, UNFOLDED=4):
        yield


def parts_of(twigs: list[Twig], fresh: frozenset[int] = frozenset()) -> list[Part]:
    return [threads.part(leaves, fresh) for leaves in threads.branches(ROOT, twigs)]


def folded(sheets: tuple[Sheet, ...]) -> list[int]:
    return [
        leaf.id
        for sheet in sheets
        for part in sheet.parts
        if part.fold
        for leaf in part.fold.leaves
    ]


def shown(sheets: tuple[Sheet, ...]) -> list[int]:
    return [id for sheet in sheets for id in sheet.ids]


@given(news(), st.none() | st.integers(0, 45), st.booleans())
def test_every_reply_is_on_one_page_or_in_one_fold(given, after, newest_first):
    twigs, fresh = given
    plan = threads.layout(parts_of(twigs, fresh), after, newest_first=newest_first)
    found = shown(plan.sheets) + folded(plan.sheets)
    assert sorted(found) == sorted(twig.id for twig in twigs)


@given(forests(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_replies_came(twigs, chance):
    before = threads.branches(ROOT, twigs)
    mixed = list(twigs)
    chance.shuffle(mixed)
    assert threads.branches(ROOT, mixed) == before
    tops = [leaves[0].id for leaves in before]
    assert tops == sorted(tops)


@given(forests())
def test_what_is_answered_comes_before_its_answer_and_one_step_less_deep(twigs):
    for leaves in threads.branches(ROOT, twigs):
        depth = {leaf.id: leaf.depth for leaf in leaves}
        assert [leaf.depth for leaf in leaves[:1]] == [0]
        for number, leaf in enumerate(leaves[1:], 1):
            assert leaf.twig.below_id in [one.id for one in leaves[:number]]
            assert leaf.depth == depth[leaf.twig.below_id] + 1
        below: dict[int, list[int]] = {}
        for leaf in leaves[1:]:
            below.setdefault(leaf.twig.below_id, []).append(leaf.id)
        assert all(ids == sorted(ids) for ids in below.values())


@given(news(), st.integers(0, 45), st.booleans())
def test_a_page_begins_after_the_reply_that_its_address_names(given, after, newest_first):
    twigs, fresh = given
    parts = parts_of(twigs, fresh)
    plan = threads.layout(parts, after, newest_first=newest_first)
    tops = [part.id for sheet in plan.sheets[plan.at :] for part in sheet.parts]
    wanted = [part.id for part in parts if (part.id < after if newest_first else part.id > after)]
    assert tops == sorted(wanted, reverse=newest_first)
    for sheet, next in pairwise(plan.sheets):
        if plan.sheets.index(next) != plan.at:
            assert next.after_id == sheet.parts[-1].id
    assert plan.sheet.after_id == after


@given(news())
def test_a_page_is_full_but_never_too_full(given):
    twigs, fresh = given
    sheets = threads.layout(parts_of(twigs, fresh), None, newest_first=False).sheets
    assert all(len(sheet.ids) <= threads.SHEET for sheet in sheets)
    for sheet, next in pairwise(sheets):
        assert len(sheet.ids) + len(next.parts[0].leaves) > threads.SHEET


@given(news())
def test_what_is_new_is_shown_or_told_of(given):
    twigs, fresh = given
    for part in parts_of(twigs, fresh):
        of_branch = {leaf.id for leaf in (*part.leaves, *(part.fold.leaves if part.fold else ()))}
        open = {leaf.id for leaf in part.leaves}
        told = part.fold.fresh if part.fold else 0
        assert len(fresh & open) + told == len(fresh & of_branch)
        if told:  # it lies too far down to unfold as much
            order = [leaf.id for leaf in (*part.leaves, *part.fold.leaves)]
            assert max(n for n, id in enumerate(order) if id in fresh) > threads.UNFOLDED


@given(news())
def test_the_stops_lead_to_all_that_is_new_in_reading_order(given):
    twigs, fresh = given
    sheets = threads.layout(parts_of(twigs, fresh), None, newest_first=False).sheets
    expected = []
    for number, sheet in enumerate(sheets):
        for part in sheet.parts:
            expected += [(number, f"post-{leaf.id}") for leaf in part.leaves if leaf.id in fresh]
            if part.fold and fresh & {leaf.id for leaf in part.fold.leaves}:
                expected.append((number, f"fold-{part.leaves[-1].id}"))
    assert [(stop.sheet, stop.anchor) for stop in threads.stops(sheets, fresh)] == expected


@given(news())
def test_a_fold_leads_to_a_reply_below_which_all_of_it_hangs(given):
    twigs, fresh = given
    for leaves in threads.branches(ROOT, twigs):
        fold = threads.part(leaves, fresh).fold
        if fold is None:
            continue
        parent = {leaf.id: leaf.twig.below_id for leaf in leaves[1:]}
        assert fold.at.id in [leaf.id for leaf in leaves]
        assert fold.top == leaves[0].twig
        for leaf in fold.leaves:
            at = leaf.id
            while at != fold.at.id:
                at = parent[at]


@given(news())
def test_unfolding_piece_by_piece_gives_the_whole_branch(given):
    twigs, fresh = given
    for leaves in threads.branches(ROOT, twigs):
        piece = threads.part(leaves, fresh)
        read: list[Leaf] = list(piece.leaves)
        while piece.fold:
            assert len(piece.fold.leaves) > 1
            found = threads.rest(leaves, piece.fold.after_id, fresh)
            assert found is not None and 0 < len(found.leaves) <= threads.SHEET + 1
            piece = found
            read += piece.leaves
        assert read == list(leaves)
        assert threads.rest(leaves, 10**9, fresh) is None


@pytest.mark.parametrize("shape", [lambda n: n - 1, lambda n: ROOT, lambda n: max(ROOT, n // 2)])
def test_a_thread_may_be_as_deep_and_wide_as_it_likes(shape: Callable[[int], int]):
    twigs = [Twig(id, 1, shape(id)) for id in range(2, 20_002)]
    plan = threads.layout(parts_of(twigs), None, newest_first=True)
    assert len(shown(plan.sheets)) + len(folded(plan.sheets)) == 20_000


def test_a_fold_never_hides_a_single_reply():
    chain = [Twig(id, 1, id - 1) for id in range(2, 2 + 1 + threads.BRANCH + 1)]
    (part,) = parts_of(chain)
    assert part.fold is None
    (part,) = parts_of([*chain, Twig(99, 2, chain[-1].id)])
    assert part.fold is not None
    assert [leaf.id for leaf in part.fold.leaves] == [chain[-1].id, 99]
    assert part.fold.authors == [1, 2]
