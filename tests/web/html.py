"""Reading our own pages in tests: what stands where, forms to fill in, and what no page may do."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})
BLOCKS = frozenset({"article", "details", "div", "dl", "form", "h1", "h2", "h3", "ol", "p", "ul"})
PALETTE = "palette"  # the city's colours, which the policy allows by their hash
NO_LABEL = frozenset({"hidden", "submit", "button"})
UNTOKENED = ("/language", "/theme")  # switches that anybody may turn
POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls")  # to ids of the page
SOURCES = ("src", "poster", "data", "background")
NAMED = frozenset(
    {"alternate", "canonical", "webmention"}
)  # links of a head that nobody follows by themselves


@dataclass
class HtmlForm:
    """A form: where it goes, and what it would send untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Element:
    """A tag with its attributes, and what stands between its two ends."""

    tag: str
    given: dict[str, str]
    inside: list["Element | str"] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """An attribute; empty where there is none."""
        return self.given.get(name, "")

    def __iter__(self) -> Iterator["Element"]:
        """Every element inside, at any depth, in the order of the page."""
        for part in self.inside:
            if isinstance(part, Element):
                yield part
                yield from part

    def all(self, tag: str = "", kind: str = "", **given: str) -> list["Element"]:
        """Those inside with this tag, this class and these attributes; `data_x` is `data-x`."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in given.items()}
        return [
            one
            for one in self
            if (not tag or one.tag == tag)
            and (not kind or kind in one["class"].split())
            and all(one.given.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str = "", kind: str = "", **given: str) -> "Element":
        """The only one of `all`."""
        found = self.all(tag, kind, **given)
        assert len(found) == 1, f"{len(found)} × {tag} .{kind} {given}"
        return found[0]

    def link(self, words: str) -> str:
        """Where the only link with these words leads; empty where there is none."""
        found = {one["href"] for one in self.all("a") if one.words == words}
        assert len(found) < 2, found
        return next(iter(found), "")

    @property
    def words(self) -> str:
        """What is to be read inside, with single blanks."""
        return " ".join(self._text().split())

    def _text(self) -> str:
        return "".join(one if isinstance(one, str) else one._text() for one in self.inside)

    @property
    def name(self) -> str:
        """What a screen reader calls a link or a button."""
        drawn = " ".join(one["alt"] or one["aria-label"] for one in self)
        return f"{self['aria-label']}{self.words}{drawn}".strip()


class HtmlPage(HTMLParser):
    """A page taken apart: `root` holds its elements, `faults` what no page may have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.root = Element("", {})
        self.forms: list[HtmlForm] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.language = ""
        self._open = [self.root]
        self._area = ""
        self._select = ""
        self.feed(text)
        self.close()
        self._judge()

    @property
    def main(self) -> Element:
        """What the page is about, without the frame around it."""
        return self.root.one("main")

    @property
    def loads(self) -> list[str]:
        """The addresses of everything that a browser fetches to show the page."""
        found = [one[name] for one in self.root for name in SOURCES if name in one.given]
        several = [one["srcset"] for one in self.root if "srcset" in one.given]
        found += [entry.split()[0] for entries in several for entry in entries.split(", ")]
        heads = self.root.all("link")
        return found + [one["href"] for one in heads if one["rel"] not in NAMED]

    def form(self, action: str) -> HtmlForm:
        """The form that is sent to `action`."""
        return next(form for form in self.forms if form.action == action)

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if len(given) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self._nest(tag, given)
        self._note(tag, given)
        if tag == "option" and "selected" in given and self.forms:
            self.forms[-1].fields[self._select] = given.get("value", "")
        for name in given:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag} {name}>: inline style or script")
        if "id" in given:
            self.ids.append(given["id"])

    def _nest(self, tag, given):
        element, around = Element(tag, given), {one.tag for one in self._open}
        if tag == "a" and "a" in around:
            self.faults.append(f"a link inside a link: {given}")
        if tag in BLOCKS and "p" in around:
            self.faults.append(f"<{tag}> inside <p>")
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def _note(self, tag, given):
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag in ("script", "style") and "src" not in given and given.get("id") != PALETTE:
            self.faults.append(f"inline <{tag}>")
        elif tag == "img" and "alt" not in given:
            self.faults.append(f"picture without alt: {given.get('src')}")
        elif tag == "form":
            self.forms.append(HtmlForm(given.get("action", ""), given.get("method", "get")))
        elif tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        elif tag == "label":
            self.labels.add(given.get("for", ""))
        elif tag in ("input", "select", "textarea"):
            self._control(tag, given)

    def _control(self, tag, given):
        kind = given.get("type", "text")
        if kind not in NO_LABEL and "hidden" not in given and "aria-hidden" not in given:
            self.controls.append(given)
        name = given.get("name", "")
        self._area = name if tag == "textarea" else ""
        self._select = name if tag == "select" else self._select
        unticked = kind == "checkbox" and "checked" not in given
        if tag == "input" and self.forms and name and not unticked:
            self.forms[-1].fields.setdefault(name, given.get("value", ""))

    def handle_data(self, data):
        self._open[-1].inside.append(data)
        if self._area and self._open[-1].tag == "textarea" and self.forms:
            known = self.forms[-1].fields.get(self._area, "")
            self.forms[-1].fields[self._area] = known + (data if known else data.removeprefix("\n"))

    def handle_endtag(self, tag):
        if tag not in (one.tag for one in self._open[1:]):
            self.faults.append(f"</{tag}> closes nothing")
            return
        while (last := self._open.pop().tag) != tag:
            if last not in ("p", "li", "option"):
                self.faults.append(f"<{last}> is not closed before </{tag}>")

    def _judge(self):
        if self.headings.count(1) != 1:
            self.faults.append(f"{self.headings.count(1)} headings of the first level")
        doubled = {id for id in self.ids if self.ids.count(id) > 1}
        if doubled:
            self.faults.append(f"ids used twice: {doubled}")
        if self.language not in ("ko", "en"):
            self.faults.append("the page does not say its language")
        self._judge_forms()
        for address in self.loads:
            if not address.startswith(("/", "data:image/")) or address.startswith("//"):
                self.faults.append(f"loads from elsewhere, or nothing: {address!r}")
        for one in self.root:
            self._lead(one)

    def _judge_forms(self):
        for control in self.controls:
            if control.get("id") not in self.labels:
                self.faults.append(f"control without a label: {control}")
        for form in self.forms:
            if (
                form.method == "post"
                and form.action not in UNTOKENED
                and not form.fields.get("csrf")
            ):
                self.faults.append(f"form without a token: {form.action}")

    def _lead(self, one):
        """What it refers to has to be there, and who cannot see a link hears what it is."""
        known = {*self.ids, ""}
        leads = one["href"].removeprefix("#") if one["href"].startswith("#") else ""
        missing = {leads, *(id for name in POINTERS for id in one[name].split())} - known
        if missing:
            self.faults.append(f"<{one.tag}> leads to nothing on this page: {missing}")
        if one.tag in ("a", "button") and not one.name:
            self.faults.append(f"<{one.tag}> without words: {one.given}")
