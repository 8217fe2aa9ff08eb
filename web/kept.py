"""HTML that was made before from the same values is not made again.

A part of a page is kept by everything that it was made from: by the values themselves, not by
their names. So nothing kept can be out of date, and nobody is shown by it what they were not to be
shown anyway: who asks has read those values for this very viewer, a moment ago.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from markupsafe import Markup

MAX_CHARACTERS: Final = 4_000_000
"""Of HTML, with as much again for what it was made from; some 1,000 posts in 20 MB."""


class Parts:
    """Parts of pages, least recently used first out, bounded in characters."""

    def __init__(self, most: int = MAX_CHARACTERS) -> None:
        """Empty; `most` characters of HTML are kept."""
        self._kept: OrderedDict[Hashable, Markup] = OrderedDict()
        self._room = most

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def get(self, made_of: Hashable, make: Callable[[], Markup]) -> Markup:
        """What `make` makes of `made_of` and of nothing else."""
        found = self._kept.get(made_of)
        if found is not None:
            self._kept.move_to_end(made_of)
            return found
        self._kept[made_of] = made = make()
        self._room -= len(made)
        while self._room < 0:
            _, dropped = self._kept.popitem(last=False)
            self._room += len(dropped)
        return made
