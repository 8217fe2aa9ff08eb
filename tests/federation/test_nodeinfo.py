"""NodeInfo in both directions."""

import pytest

from federation import nodeinfo
from federation.nodeinfo import Facts

FACTS = Facts(
    version="1.2.3",
    name="Madang",
    description="A city",
    languages=("ko", "en"),
    open_registrations=True,
    users=5,
    active_month=3,
    active_halfyear=4,
    posts=17,
    repository="https://code.test/madang",
    homepage="https://madang.test",
)


def test_the_index_leads_to_both_versions_and_to_our_actor():
    links = {link["rel"]: link["href"] for link in nodeinfo.index("https://here.test")["links"]}

    assert links == {
        "http://nodeinfo.diaspora.software/ns/schema/2.0": "https://here.test/nodeinfo/2.0",
        "http://nodeinfo.diaspora.software/ns/schema/2.1": "https://here.test/nodeinfo/2.1",
        "https://www.w3.org/ns/activitystreams#Application": "https://here.test/actor",
    }


def test_a_peer_is_asked_for_its_newest_document():
    index = nodeinfo.index("https://here.test")

    assert nodeinfo.newest(index) == "https://here.test/nodeinfo/2.1"
    assert nodeinfo.newest({"links": index["links"][0]}) == "https://here.test/nodeinfo/2.0"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"links": None},
        {"links": ["x", 5, {}]},
        {"links": [{"rel": ["x"], "href": "https://x.test"}]},
        {"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": "/2.1"}]},
        {"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/9", "href": "https://x"}]},
    ],
)
def test_an_index_without_a_document_we_read_leads_nowhere(raw):
    assert nodeinfo.newest(raw) is None


def test_only_the_later_version_names_repository_and_homepage():
    older, newer = nodeinfo.document("2.0", FACTS), nodeinfo.document("2.1", FACTS)

    assert older["software"] == {"name": "madang", "version": "1.2.3"}
    assert newer["software"] == older["software"] | {
        "repository": "https://code.test/madang",
        "homepage": "https://madang.test",
    }
    assert (older["version"], newer["version"]) == ("2.0", "2.1")
    assert older["usage"] == {
        "users": {"total": 5, "activeMonth": 3, "activeHalfyear": 4},
        "localPosts": 17,
    }
    assert older["openRegistrations"] is True
    assert older["protocols"] == ["activitypub"]
    assert older["metadata"]["languages"] == ["ko", "en"]


def test_what_is_not_known_is_not_told():
    assert nodeinfo.document("2.1", Facts(version="1"))["software"] == {
        "name": "madang",
        "version": "1",
    }


@pytest.mark.parametrize(
    ("raw", "software"),
    [
        (nodeinfo.document("2.0", FACTS), ("madang", "1.2.3")),
        ({"software": {"name": "Mastodon", "version": "4.6.0"}}, ("mastodon", "4.6.0")),
        ({"software": {"name": "x"}}, ("x", "")),
        ({"software": {"name": 5, "version": None}}, ("", "")),
        ({"software": "x"}, ("", "")),
        ({}, ("", "")),
        ({"software": {"name": "n" * 1_000}}, ("n" * 100, "")),
    ],
)
def test_a_peer_tells_its_software(raw, software):
    assert nodeinfo.parse(raw) == software
