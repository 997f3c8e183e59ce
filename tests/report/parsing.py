"""A page as the tests see it: its elements, its attributes, and its text by ``data-test``."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input"}


@dataclass
class Page(HTMLParser):
    elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    everything: str = ""
    unclosed: list[tuple[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(attrs)))
        names = dict(attrs)
        assert len(names) == len(attrs), f"repeated attribute in {tag}"
        if tag in VOID:
            return
        mark = names.get("data-test")
        self.unclosed.append((tag, mark))
        if mark is not None:
            self.texts.setdefault(mark, []).append("")

    def handle_endtag(self, tag):
        assert self.unclosed, f"</{tag}> closes nothing"
        opened, _ = self.unclosed.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data):
        if self.unclosed and self.unclosed[-1][0] == "style":
            return
        self.everything += data
        for mark in {mark for _, mark in self.unclosed if mark is not None}:
            self.texts[mark][-1] += data

    def text(self, mark: str) -> str:
        (only,) = self.texts[mark]
        return " ".join(only.split())


def parse(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.unclosed == []
    return page
