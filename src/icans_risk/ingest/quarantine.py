"""Rows that were set aside: counted in the report, kept in a file that only the owner reads."""

from pathlib import Path

import polars as pl

from icans_risk.ingest.quality import ROWS_KEPT, QualityReport
from icans_risk.ingest.reasons import LEFT_OUT, REASONS

__all__ = ["Quarantine"]

# Cells of a raw result that help whoever mends it to find it.
CELLS = ("file", "row", "column", "key", "analyte", "result", "unit", "collected", "available")
PLACE = ("reason", "file", "column", "row")


class Quarantine:
    """Collects the raw cells of rows that were set aside, and counts those that were left out."""

    def __init__(self) -> None:
        self._kept: list[pl.DataFrame] = []
        self._places: list[pl.DataFrame] = []

    def take(self, frame: pl.DataFrame) -> None:
        """Keep the raw cells of the rows that have a reason."""
        bad = frame.filter(pl.col("reason").is_not_null())
        result = pl.coalesce(pl.col("text"), pl.col("number").cast(pl.String))
        self._add(bad.with_columns(result=result))

    def take_finished(self, frame: pl.DataFrame) -> None:
        """Keep rows that were set aside as part of a whole, with values as they were converted."""
        if "unusual" not in frame.columns:
            return
        # What was set aside before came to no judgement of its value.
        bad = frame.filter(pl.col("reason").is_not_null() & pl.col("unusual").is_not_null())
        cells = {
            "key": "episode_id", "result": "value", "unit": "unit_read",
            "collected": "collected_h", "available": "available_h",
        }  # fmt: skip
        self._add(bad.with_columns(pl.col(source).alias(name) for name, source in cells.items()))

    def _add(self, bad: pl.DataFrame) -> None:
        words = [pl.col(n).cast(pl.String) for n in (*CELLS, "reason") if n != "row"]
        bad = bad.with_columns(words)
        self._places.append(bad.select(PLACE))
        self._kept.append(bad.filter(~pl.col("reason").is_in(LEFT_OUT)).select(*CELLS, "reason"))

    @property
    def rows(self) -> pl.DataFrame:
        """Return the rows that were set aside, in the order in which they were met."""
        if not self._kept:
            return pl.DataFrame(schema=dict.fromkeys((*CELLS, "reason"), pl.String))
        return pl.concat(self._kept)

    def note(self, quality: QualityReport) -> None:
        """Add a finding for each reason, file and column."""
        if not self._places:
            return
        groups = pl.concat(self._places).group_by("reason", "file", "column", maintain_order=True)
        for (reason, file, column), rows in groups:
            why = REASONS[str(reason)]
            is_left_out = reason in LEFT_OUT
            # Results of nobody may be those of an infusion that the export forgot.
            is_harmless = is_left_out and reason != "unknown_patient"
            quality.add(
                str(reason), "note" if is_harmless else "warning", rows["row"].head(ROWS_KEPT),
                count=len(rows), where=(str(file), "", str(column)), message=why.message,
                action=f"{'Left out' if is_left_out else 'Set aside'}. {why.remedy}",
            )  # fmt: skip

    def write(self, file: Path) -> None:
        """Write the rows as CSV, mode 0600; the file holds identifiers and values."""
        file.touch(mode=0o600, exist_ok=False)
        self.rows.write_csv(file)
