"""The shape of a long thread: its branches, what is folded away, and which page shows what.

Pure: ids in, ids out. A branch is a reply to the post of the page with all that hangs below it, in
reading order. Of a long branch the beginning is shown and the end is folded: behind the fold lies
the page of one of its replies, which shows the rest in the same way. A page (`Sheet`) holds whole
branches. So every reply can be reached by links, and no page shows more than `SHEET` of them.
Nothing here recurses: a thread may be any depth.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from server.services.threads import Twig

SHEET: Final = 60  # replies on a page
BRANCH: Final = 8  # replies of a branch that are shown below its first
UNFOLDED: Final = 30  # the same, where that shows everything new
MAX_DEPTH: Final = 4  # steps that a reply is moved inwards; deeper ones say whom they answer


class Leaf(msgspec.Struct, frozen=True):
    """A reply in its branch: `depth` steps below the branch's first reply."""

    twig: Twig
    depth: int

    @property
    def id(self) -> int:
        """Of the reply."""
        return self.twig.id


class Fold(msgspec.Struct, frozen=True):
    """The end of a branch that is not shown, `fresh` of it new.

    `top` begins the branch, `after_id` is the last reply before the fold, and `at` the one whose
    page shows all that is folded: the deepest one above everything.
    """

    top: Twig
    at: Twig
    after_id: int
    leaves: tuple[Leaf, ...]
    fresh: int

    @property
    def authors(self) -> list[int]:
        """Who wrote what is folded, in order, each once."""
        return list(dict.fromkeys(leaf.twig.author_id for leaf in self.leaves))


class Part(msgspec.Struct, frozen=True):
    """What is shown of a branch, and what is not."""

    leaves: tuple[Leaf, ...]
    fold: Fold | None = None

    @property
    def id(self) -> int:
        """Of the first reply."""
        return self.leaves[0].id


class Sheet(msgspec.Struct, frozen=True):
    """A page of a thread: the branches after the one called `after_id` (None: from the start)."""

    after_id: int | None
    parts: tuple[Part, ...] = ()

    @property
    def ids(self) -> list[int]:
        """The replies that it shows, in order."""
        return [leaf.id for part in self.parts for leaf in part.leaves]


class Layout(msgspec.Struct, frozen=True):
    """A thread on pages, one of which is open: `sheets[at]`."""

    sheets: tuple[Sheet, ...]
    at: int

    @property
    def sheet(self) -> Sheet:
        """The open one."""
        return self.sheets[self.at]


class Stop(msgspec.Struct, frozen=True):
    """Where something new is: a reply on one of the sheets, or a fold that holds new ones."""

    sheet: int
    anchor: str


def post_anchor(id: int) -> str:
    """The name of a reply's place on its page."""
    return f"post-{id}"


def fold_anchor(after_id: int) -> str:
    """The name of the place of the fold behind a reply."""
    return f"fold-{after_id}"


def branches(root_id: int, twigs: Iterable[Twig]) -> list[tuple[Leaf, ...]]:
    """The branches below `root_id`, the first to arrive first, and so within each.

    What hangs below nothing that is here, or leads in a circle, begins a branch of its own.
    """
    by_id = {twig.id: twig for twig in sorted(twigs, key=lambda twig: twig.id)}
    children: dict[int, list[Twig]] = {}
    for twig in by_id.values():
        known = twig.below_id in by_id and twig.below_id != twig.id
        children.setdefault(twig.below_id if known else root_id, []).append(twig)
    tops = children.pop(root_id, [])
    placed: set[int] = set()
    grown = [
        tuple(_leaves(top, children, placed))
        for top in chain(tops, by_id.values())  # after the tops only circles are left
        if top.id not in placed
    ]
    return sorted(grown, key=lambda leaves: leaves[0].id)


def _leaves(top: Twig, children: dict[int, list[Twig]], placed: set[int]) -> Iterator[Leaf]:
    waiting = [Leaf(top, 0)]
    while waiting:
        leaf = waiting.pop()
        if leaf.id in placed:
            continue
        placed.add(leaf.id)
        yield leaf
        below = children.get(leaf.id, ())
        waiting += [Leaf(twig, leaf.depth + 1) for twig in reversed(below)]


def part(leaves: tuple[Leaf, ...], fresh: frozenset[int]) -> Part:
    """The beginning of a branch: as far as everything new reaches, if that is not too far."""
    last_new = max((n for n, leaf in enumerate(leaves) if leaf.id in fresh), default=0)
    below = max(BRANCH, last_new) if last_new <= UNFOLDED else BRANCH
    return _cut(leaves, 0, 1 + below, fresh)


def rest(leaves: tuple[Leaf, ...], after_id: int | None, fresh: frozenset[int]) -> Part | None:
    """As much of a branch as a page holds, after one of its replies (None: after the first).

    None where the branch has no such reply.
    """
    places = [n for n, leaf in enumerate(leaves) if leaf.id == (after_id or leaves[0].id)]
    if not places:
        return None
    return _cut(leaves, places[0] + 1, SHEET, fresh)


def _cut(leaves: tuple[Leaf, ...], start: int, most: int, fresh: frozenset[int]) -> Part:
    end = start + most
    hidden = leaves[end:]
    if len(hidden) <= 1:  # a fold takes as much room as the reply
        return Part(leaves[start:])
    at_id = min(hidden, key=lambda leaf: leaf.depth).twig.below_id
    at = next(leaf.twig for leaf in leaves if leaf.id == at_id)
    new = sum(leaf.id in fresh for leaf in hidden)
    return Part(leaves[start:end], Fold(leaves[0].twig, at, leaves[end - 1].id, hidden, new))


def layout(parts: Sequence[Part], after_id: int | None, *, newest_first: bool) -> Layout:
    """The branches on pages, the one open that begins after the branch `after_id`.

    That branch need not be there any more. `parts` are in order of arrival.
    """
    ordered = sorted(parts, key=lambda part: part.id, reverse=newest_first)
    if after_id is None:
        return Layout(tuple(_sheets(ordered, None)), 0)
    past = sum((part.id >= after_id) if newest_first else (part.id <= after_id) for part in parts)
    earlier = list(_sheets(ordered[:past], None)) if past else []
    return Layout((*earlier, *_sheets(ordered[past:], after_id)), len(earlier))


def _sheets(ordered: Sequence[Part], after_id: int | None) -> Iterator[Sheet]:
    """As many branches on each as fit; at least one sheet, be it empty."""
    taken: list[Part] = []
    room = SHEET
    for part in ordered:
        if taken and len(part.leaves) > room:
            yield Sheet(after_id, tuple(taken))
            after_id, taken, room = taken[-1].id, [], SHEET
        taken.append(part)
        room -= len(part.leaves)
    yield Sheet(after_id, tuple(taken))


def stops(sheets: Sequence[Sheet], fresh: frozenset[int]) -> list[Stop]:
    """Where the new replies are, in reading order."""
    found: list[Stop] = []
    for number, sheet in enumerate(sheets):
        for part in sheet.parts:
            found += [
                Stop(number, post_anchor(leaf.id)) for leaf in part.leaves if leaf.id in fresh
            ]
            if part.fold and part.fold.fresh:
                found.append(Stop(number, fold_anchor(part.fold.after_id)))
    return found
