"""A page as PDF, with the same content as on the screen and nothing fetched from anywhere."""

import contextlib
import io
import re
from functools import cache
from importlib import resources
from typing import Any

from icans_risk.errors import IcansRiskError

__all__ = ["check_pdf", "to_pdf"]

_LIBRARIES = (
    "PDF pages need Pango, HarfBuzz and Fontconfig, one of them cannot be loaded. Install them "
    "(Debian and Ubuntu: libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0), or leave out the "
    "PDF: a browser prints the pages as well."
)
_PACKAGE = (
    "PDF pages need the package WeasyPrint, it is not installed. Install icans_risk[pdf], or "
    "leave out the PDF: a browser prints the pages as well."
)
_DRAWING = re.compile(r"(<svg [^>]*>)")
_DRAWN_TEXT = (
    'text { font: 12px "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #1a1e24 } '
    "text.light { fill: #fff }"
)


def check_pdf() -> None:
    """Find out whether PDF can be made, before minutes of work and not after them.

    Raises
    ------
    IcansRiskError
        If WeasyPrint or one of its system libraries is missing.
    """
    _weasyprint()


def to_pdf(html: str) -> bytes:
    """Turn a page into a tagged PDF on A4, whose text can be selected.

    What is folded on the screen is left out, as it is when a browser prints the page. Each
    side says whom it is about and that it is for research only, because sheets get parted.

    Parameters
    ----------
    html : str
        A page of this room.

    Returns
    -------
    bytes
        The same for the same page and the same libraries. Its metadata name no patient.

    Raises
    ------
    IcansRiskError
        If WeasyPrint or one of its system libraries is missing, or if the page asks for
        something to be fetched: pages hold all that they show.
    """
    weasyprint = _weasyprint()
    refuse = _refusing_fetcher()
    sheet = weasyprint.CSS(string=_print_sheet(), url_fetcher=refuse)
    page = weasyprint.HTML(string=_style_drawings(html), url_fetcher=refuse, media_type="print")
    made: bytes = page.write_pdf(stylesheets=[sheet], pdf_tags=True)
    if refuse.refused:
        raise IcansRiskError(
            f"a page holds all that it shows, this one asks for {refuse.refused} things from "
            "elsewhere. Make the PDF from a page that this package wrote."
        )
    return made


def _weasyprint() -> Any:
    try:
        # It prints a banner of many lines where a library is missing; one line says it here.
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint
    except ImportError:
        raise IcansRiskError(_PACKAGE) from None
    except OSError:
        raise IcansRiskError(_LIBRARIES) from None
    return weasyprint


@cache
def _print_sheet() -> str:
    return (resources.files("icans_risk.report") / "templates" / "pdf.css").read_text("utf-8")


def _style_drawings(html: str) -> str:
    """Repeat within each drawing what the page's style says of its text.

    WeasyPrint gives an SVG no style of the page. Text from outside is escaped, so that whatever
    begins like an SVG is one of ours.
    """
    return _DRAWING.sub(rf"\1<style>{_DRAWN_TEXT}</style>", html)


def _refusing_fetcher() -> Any:
    from weasyprint.urls import URLFetcher

    class Refuse(URLFetcher):  # type: ignore[misc]
        """Refuses every address, those of files and data included, and counts them."""

        refused = 0

        def fetch(self, url: str, headers: Any = None) -> Any:
            del url, headers
            self.refused += 1
            raise ValueError("nothing is fetched")

    return Refuse()
