"""Whether quotes in delimited text stand where they may: around whole cells, doubled inside."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["QuoteCheck"]

QUOTE, NEW_LINE, RETURN = ord('"'), ord("\n"), ord("\r")


class QuoteCheck:
    r"""Check the quotes of a text that comes in blocks of bytes.

    Every other quote opens. It must follow a delimiter, the start of a line, or another
    quote (the second of a doubled one); a quote that closes must be followed by the same.
    A quote that is left open swallows lines up to the next one, which then stands wrongly.

    Parameters
    ----------
    delimiter : str
        One ASCII character.

    Examples
    --------
    >>> check = QuoteCheck(",")
    >>> check.take(np.frombuffer(b'a,b\n1,"yes"\n2,5" tube\n', np.uint8))
    >>> check.first_bad_line()
    3
    """

    def __init__(self, delimiter: str) -> None:
        self._beside = np.array([ord(delimiter), NEW_LINE, RETURN, QUOTE], np.uint8)
        # The last byte of the block before, because a quote is judged by its neighbours.
        self._carried = np.array([NEW_LINE], np.uint8)
        self._quotes = 0
        self._lines = 0
        self._opened_in = 0
        self._bad_line = 0

    def take(self, block: NDArray[np.uint8]) -> None:
        """Look at the next block."""
        if not block.size or self._bad_line:
            return
        text = np.concatenate([self._carried, block])
        quotes = np.flatnonzero(text == QUOTE)
        if quotes.size:
            self._judge(text, quotes)
        self._carried = text[-1:]
        self._lines += int(np.count_nonzero(block == NEW_LINE))

    def first_bad_line(self) -> int:
        """Return the line of the first misplaced quote, 0 if all stand well."""
        return self._bad_line or (self._opened_in if self._quotes % 2 else 0)

    def _judge(self, text: NDArray[np.uint8], quotes: NDArray[np.intp]) -> None:
        seen_before = self._quotes - int(quotes[0] == 0)
        opens = (seen_before + np.arange(len(quotes))) % 2 == 0
        neighbour = np.where(opens, quotes - 1, quotes + 1)
        # Neighbours outside the text belong to the block before, or to the one after.
        inside = (neighbour >= 0) & (neighbour < len(text))
        wrong = np.zeros(len(quotes), bool)
        wrong[inside] = ~np.isin(text[neighbour[inside]], self._beside)
        if opens.any():
            self._opened_in = self._line_of(text, quotes[opens][-1])
        if wrong.any():
            self._bad_line = self._line_of(text, quotes[wrong][0])
        self._quotes = seen_before + len(quotes)

    def _line_of(self, text: NDArray[np.uint8], place: np.intp) -> int:
        return self._lines + 1 + int(np.count_nonzero(text[1:place] == NEW_LINE))
