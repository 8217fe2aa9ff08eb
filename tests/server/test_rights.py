"""Who may read what: asked by the viewer or by the post, the answer is the same."""

import itertools

import pytest

from server.services import follows, rights
from tests.server.world import NOW, SITE, befriend, join, say

VISIBILITIES = ("public", "unlisted", "followers", "direct")


@pytest.mark.parametrize(
    ("visibility", "named"), list(itertools.product(VISIBILITIES, ("", "bob", "dan", "cho", "eve")))
)
def test_readers_are_those_who_may_read(tx, visibility, named):
    people = {name: join(tx, name) for name in ("ann", "bob", "cho", "dan", "eve")}
    befriend(tx, people["bob"], people["ann"])
    follows.block(tx, SITE, people["ann"], people["dan"].id, NOW)
    follows.block(tx, SITE, people["cho"], people["ann"].id, NOW)
    post = say(tx, people["ann"], f"Hello @{named}" if named else "Hello", visibility=visibility)
    ids = [one.id for one in people.values()]
    may = {id for id in ids if rights.may_read(tx, id, post)}
    assert rights.readers_among(tx, post, ids) == may
    assert people["ann"].id in may
    assert people["dan"].id not in may
