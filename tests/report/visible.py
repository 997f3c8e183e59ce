"""The words that a page shows when it is printed, as the tests count them."""

from collections import Counter
from html.parser import HTMLParser

from report.parsing import VOID

__all__ = ["printed_words"]

# What these enclose stands in a line with what is beside it.
INLINE = {"bdi", "strong", "span", "a"}
HIDDEN_TAGS, HIDDEN_CLASSES = {"head", "details"}, {"h", "screen"}


class _Printed(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.hidden: list[bool] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag in VOID:
            self.text += " "
            return
        classes = set((dict(attrs).get("class") or "").split())
        self.hidden.append(tag in HIDDEN_TAGS or bool(classes & HIDDEN_CLASSES))
        self._part(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            self.hidden.pop()
            self._part(tag)

    def handle_data(self, data):
        if not any(self.hidden):
            self.text += data

    def _part(self, tag):
        if tag not in INLINE:
            self.text += " "


def printed_words(html: str) -> Counter[str]:
    """Count the words of a page that are neither folded nor for the screen only."""
    page = _Printed()
    page.feed(html)
    page.close()
    return Counter(page.text.split())
