"""Strangers' HTML is cleaned when it arrives, and again when it is shown: two walls."""

from types import SimpleNamespace
from typing import Any

import pytest

from federation import parse
from server.services import strangers
from server.store.db import Write
from tests.server.world import (
    EVE,
    LATE,
    NOTE,
    act,
    actor_document,
    create,
    deliver,
    dump,
    note,
    settle,
    who,
)
from web import render

EVIL = (
    "<p onclick=evil()>Hello<script>evil()</script>"
    '<a href="javascript:evil()">x</a><img src=x onerror=evil()><iframe src="//evil.test"></iframe>'
    "<style>*{}</style><svg onload=evil()></svg></p>"
)
WORDS = ("<script", "onclick", "onerror", "onload", "javascript:", "<iframe", "<style", "<svg")
sqlite = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)


@sqlite
def test_what_arrives_is_clean_in_every_column(tx: Write) -> None:
    """Whatever people send as HTML; what is plain text is escaped where it is shown."""
    settle(tx)
    before = dump(tx)
    deliver(tx, create(note(LATE, EVE, content=EVIL), id=f"{LATE}/create"))
    story = note(f"{LATE}/story", EVE, type="Article", name="A story", summary=EVIL, content=EVIL)
    deliver(tx, create(story, id=f"{LATE}/story/create"))
    changed = note(NOTE, EVE, content=EVIL, updated="2026-11-23T12:00:00Z")
    deliver(tx, act("Update", EVE, changed, id=f"{NOTE}/update"))
    field = {"type": "PropertyValue", "name": "Home", "value": EVIL}
    described = actor_document(EVE, summary=EVIL, attachment=[field])
    strangers.keep_actor(tx, parse.actor(described), 1)
    kept = [row for table, rows in dump(tx).items() for row in rows if row not in before[table]]
    assert sum("Hello" in row for row in kept) >= 4
    for word in WORDS:
        assert not any(word in row.lower() for row in kept), word
    assert "Hello" in who(tx, EVE).bio


def test_what_is_shown_is_cleaned_once_more() -> None:
    """Should a row ever hold what our sanitiser did not write."""
    context: Any = {"site": SimpleNamespace(origin="https://here.test")}
    shown = str(render.html(context, EVIL))
    assert "Hello" in shown
    assert not any(word in shown.lower() for word in WORDS)
