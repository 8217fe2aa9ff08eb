"""Who may see what: the four levels, there and back."""

import pytest

from federation import audience
from federation.vocab import PUBLIC

FOLLOWERS = "https://far.test/u/ann/followers"
BO = "https://here.test/actors/bo"
CY = "https://here.test/actors/cy"


@pytest.mark.parametrize(
    ("to", "cc", "level"),
    [
        ((PUBLIC,), (FOLLOWERS,), "public"),
        ((PUBLIC,), (), "public"),
        ((FOLLOWERS, PUBLIC), (), "public"),
        ((PUBLIC,), (PUBLIC,), "public"),
        ((FOLLOWERS,), (PUBLIC,), "unlisted"),
        ((), (PUBLIC,), "unlisted"),
        ((FOLLOWERS,), (), "followers"),
        ((BO,), (FOLLOWERS,), "followers"),
        ((BO,), (), "direct"),
        ((), (), "direct"),
        (("https://other.test/u/eve/followers",), (), "direct"),
    ],
)
def test_to_and_cc_say_who_may_see_it(to, cc, level):
    assert audience.visibility(to, cc, FOLLOWERS) == level


def test_an_author_without_followers_has_no_followers_only_posts():
    assert audience.visibility(("",), (), "") == "direct"


@pytest.mark.parametrize("level", ["public", "unlisted", "followers", "direct"])
def test_what_we_address_is_read_back_as_it_was_meant(level):
    to, cc = audience.addressed(level, FOLLOWERS, [BO, CY, BO])

    assert audience.visibility(to, cc, FOLLOWERS) == level
    assert [uri for uri in (*to, *cc) if uri in (BO, CY)] == [BO, CY]


def test_a_direct_post_goes_to_nobody_else():
    assert audience.addressed("direct", FOLLOWERS, [BO]) == ((BO,), ())


def test_an_unknown_level_is_the_most_private():
    assert audience.addressed("everyone", FOLLOWERS, [BO]) == ((BO,), ())


def test_recipients_are_counted_once_and_public_is_nobody():
    assert audience.recipients((PUBLIC, BO), (FOLLOWERS, BO)) == (BO, FOLLOWERS)


def test_blind_copies_are_never_shown():
    secret = {"bto": [BO], "bcc": [CY]}
    raw = {"type": "Create", "to": [PUBLIC], "object": {"type": "Note", **secret}, **secret}

    shown = audience.without_blind(raw)

    assert shown == {"type": "Create", "to": [PUBLIC], "object": {"type": "Note"}}
    assert raw["bto"] == [BO]
    assert audience.without_blind({"object": BO, "bcc": [CY]}) == {"object": BO}
