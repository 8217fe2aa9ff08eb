"""Reading our own pages in tests: forms to fill in, and what every page must hold to."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source"})
PALETTE = "palette"  # the city's colours, which the policy allows by their hash
NO_LABEL = frozenset({"hidden", "submit", "button"})
UNTOKENED = ("/language", "/theme")  # switches that anybody may turn


@dataclass
class HtmlForm:
    """A form: where it goes, and what it would send untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class HtmlPage(HTMLParser):
    """A page taken apart: forms, headings, and `faults` that no page may have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.forms: list[HtmlForm] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.language = ""
        self._open: list[str] = []
        self._area = ""
        self._select = ""
        self.feed(text)
        self.close()
        self._judge()

    def form(self, action: str) -> HtmlForm:
        """The form that is sent to `action`."""
        return next(form for form in self.forms if form.action == action)

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        self._note(tag, given)
        if tag == "option" and "selected" in given and self.forms:
            self.forms[-1].fields[self._select] = given.get("value", "")
        for name in given:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag} {name}>: inline style or script")
        if "id" in given:
            self.ids.append(given["id"])

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
        if self._area and self._open and self._open[-1] == "textarea" and self.forms:
            known = self.forms[-1].fields.get(self._area, "")
            self.forms[-1].fields[self._area] = known + (data if known else data.removeprefix("\n"))

    def handle_endtag(self, tag):
        if tag not in self._open:
            self.faults.append(f"</{tag}> closes nothing")
            return
        while (last := self._open.pop()) != tag:
            if last not in ("p", "li", "option"):
                self.faults.append(f"<{last}> is not closed before </{tag}>")

    def _judge(self):
        if self.headings.count(1) != 1:
            self.faults.append(f"{self.headings.count(1)} headings of the first level")
        doubled = {id for id in self.ids if self.ids.count(id) > 1}
        if doubled:
            self.faults.append(f"ids used twice: {doubled}")
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
        if self.language not in ("ko", "en"):
            self.faults.append("the page does not say its language")
