"""Whatever somebody types into the search is read, is short, and finds what it was made of."""

from hypothesis import given
from hypothesis import strategies as st

from server.services import asking
from server.text import finding

WORDS = st.text(max_size=40)
PIECES = st.lists(
    st.one_of(
        WORDS,
        st.sampled_from(['"', "“", "”", "-", "#", ":", "@", "from:", "before:", "in:", "-kind:"]),
        st.builds(
            lambda name, value: f"{name}:{value}", st.sampled_from(list(asking.FILTERS)), WORDS
        ),
        st.dates().map(lambda day: f"during:{day}"),
        st.from_regex(r"(before|after|since|until):\d{1,5}-\d{1,3}(-\d{1,3})?", fullmatch=True),
    ),
    max_size=20,
)


@given(PIECES, st.sampled_from(["", " "]))
def test_anything_can_be_asked(pieces: list[str], between: str) -> None:
    asked = asking.read(between.join(pieces), "Asia/Seoul")
    assert len(asked.needs) <= 2 * asking.MAX_NEEDS and len(asked.without) <= asking.MAX_NEEDS
    assert len(asked.authors) <= asking.MAX_NAMES and len(asked.places) <= asking.MAX_NAMES
    for need in (*asked.needs, *asked.without):
        assert need.pattern.strip() and (need.all or need.start)
        assert len(need.all) <= asking.MAX_TYPED
    assert asked.period.since_ms >= 0


@given(st.text(max_size=200))
def test_a_text_has_every_part_of_itself(text: str) -> None:
    words = finding.with_marks(finding.spelled(text), ["#tag", "k:story"])
    known = finding.terms(words)
    for part in (text, *text.split()):
        need = finding.need(part)
        if need is None:
            continue
        assert need.among(words)
        assert set(need.all) <= known
        assert not need.start or any(term.startswith(need.start) for term in known)


@given(st.text(max_size=60), st.text(max_size=10))
def test_what_a_text_has_can_be_told_from_its_terms(text: str, part: str) -> None:
    need, words = finding.need(part), finding.spelled(text)
    if need is not None and need.exact:
        assert need.among(words) == (set(need.all) <= finding.terms(words))


@given(st.text(max_size=60))
def test_no_text_passes_for_a_mark(text: str) -> None:
    assert not any(finding.is_mark(run) for run in finding.spelled(text).split())
