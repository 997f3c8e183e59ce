"""Archives in the OMOP common data model, version 5.4."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from icans_risk.ingest.archives.archive import Archive
from icans_risk.ingest.archives.omop_concepts import Concepts, read_concepts
from icans_risk.ingest.archives.omop_episodes import moment_text, read_episodes
from icans_risk.ingest.archives.omop_tables import OmopTables, open_omop
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import QualityReport
from icans_risk.study.archives import OmopFolder

__all__ = ["read_omop"]

# Standard concepts of the domain "Meas Value Operator"; 0 and 4172703 mean equality.
SIGNS = {
    "0": "", "4172703": "", "4171756": "<", "4171754": "<=", "4172704": ">", "4171755": ">=",
}  # fmt: skip
# What another operator means is not known; with this before it no number is read.
UNKNOWN_SIGN = "?"
TREATMENT = "treatment."


@dataclass(frozen=True)
class _Table:
    """A table of results: its concept, its times, and where its text may stand."""

    name: str
    concept: str
    stem: str
    texts: tuple[str, ...] = ()

    @property
    def is_measured(self) -> bool:
        return bool(self.texts)


MEASUREMENT = _Table(
    "measurement", "measurement_concept_id", "measurement", ("value_source_value",)
)
OBSERVATION = _Table(
    "observation", "observation_concept_id", "observation",
    ("value_as_string", "value_source_value"),
)  # fmt: skip
DRUG_EXPOSURE = _Table("drug_exposure", "drug_concept_id", "drug_exposure_start")

_VALUES = ("operator_concept_id", "value_as_number", "unit_concept_id", "unit_source_value")


def read_omop(source: OmopFolder, quality: QualityReport) -> Archive:
    """Open an OMOP archive.

    Parameters
    ----------
    source : OmopFolder
        Where it is, which rows are infusions, and what its concepts mean.
    quality : QualityReport
        ``counts`` receives ``persons``, ``infusions_read``, the rows of each table
        (``measurement_rows``) and those handed on (``rows_read``).

    Returns
    -------
    Archive
        Times of results are as written, local in ``time_zone``; a result of which no hour
        is known has a date only. The data model has no time of availability.

    Raises
    ------
    CohortError
        If the archive is damaged, a table or column is absent, or no row marks an infusion.
    """
    tables = open_omop(source.folder)
    quality.add(
        "ignored_files", "note", (), count=tables.ignored, where=(source.folder.name, "", ""),
        message="The archive holds files that an operating system left behind.",
        action="Ignored.",
    )  # fmt: skip
    concepts = read_concepts(tables, source, quality)
    infusions = read_episodes(tables, source, quality)
    reader = _Reader(tables, source, concepts, infusions.select(key="patient_id").unique())
    return Archive(infusions, reader.results(quality), source.time_zone)


@dataclass
class _Tally:
    """What a table's rows came to."""

    rows: int = 0
    unmapped: int = 0
    strangers: int = 0
    concepts: set[str | None] = field(default_factory=set)

    def note(self, quality: QualityReport, *, file: str, table: _Table) -> None:
        quality.counts[f"{table.name}_rows"] = self.rows
        where = (file, "", table.concept)
        quality.add(
            "unmapped_concepts", "note", (), count=self.unmapped, where=where,
            message=f"{len(self.concepts):,} concepts are no analyte that is mapped.",
            action="Left out. Map them under 'concepts' if they are wanted.",
        )  # fmt: skip
        quality.add(
            "persons_without_infusion", "note", (), count=self.strangers, where=where,
            message="The person has no infusion in the archive.",
            action="Left out.",
        )  # fmt: skip


@dataclass(frozen=True)
class _Reader:
    tables: OmopTables
    source: OmopFolder
    concepts: Concepts
    infused: pl.DataFrame

    def results(self, quality: QualityReport) -> Iterator[pl.DataFrame]:
        yield from self._read(MEASUREMENT, self.concepts.analytes, quality)
        if OBSERVATION.name in self.tables:
            yield from self._read(OBSERVATION, self.concepts.analytes, quality)
        drugs = self.concepts.analytes.filter(pl.col("analyte").str.starts_with(TREATMENT))
        if len(drugs) and DRUG_EXPOSURE.name in self.tables:
            yield from self._read(DRUG_EXPOSURE, drugs, quality)

    def _read(
        self, table: _Table, meanings: pl.DataFrame, quality: QualityReport
    ) -> Iterator[pl.DataFrame]:
        tally, file = _Tally(), self.tables.file(table.name)
        columns = ("person_id", table.concept, f"{table.stem}_date")
        values = (*_VALUES, *table.texts) if table.is_measured else ()
        optional = (f"{table.stem}_datetime", *values)
        for chunk in self.tables.read(table.name, columns, optional=optional):
            kept = self._keep(chunk, table, meanings, tally=tally)
            quality.counts["rows_read"] = quality.counts.get("rows_read", 0) + len(kept)
            if len(kept):
                yield self._raw(kept, table, file=file)
        tally.note(quality, file=file, table=table)

    def _keep(
        self, chunk: pl.DataFrame, table: _Table, meanings: pl.DataFrame, *, tally: _Tally
    ) -> pl.DataFrame:
        """Keep the rows of known analytes and infused persons, and count the others."""
        mapped = chunk.join(
            meanings, left_on=table.concept, right_on="concept", how="inner", maintain_order="left"
        )
        unmapped = chunk.join(meanings, left_on=table.concept, right_on="concept", how="anti")
        known = pl.col("person_id").is_in(self.infused["key"].implode())
        # A row that names nobody is for the next stage to set aside.
        kept = mapped.filter(known.fill_null(True))
        tally.rows += len(chunk)
        tally.unmapped += len(unmapped)
        tally.concepts.update(unmapped[table.concept].unique().to_list())
        tally.strangers += len(mapped) - len(kept)
        return kept

    def _raw(self, kept: pl.DataFrame, table: _Table, *, file: str) -> pl.DataFrame:
        if table.is_measured:
            kept = kept.join(
                self.concepts.units, on="unit_concept_id", how="left", maintain_order="left"
            )
            result = _measured(table)
        else:
            result = _given(table)
        return kept.select(
            "row",
            "analyte",
            file=pl.lit(file),
            key="person_id",
            collected=moment_text(table.stem),
            available=pl.lit(None, pl.String),
            ordered_as=pl.lit(self.source.ordered_as),
            assay=pl.col("stated_assay").fill_null(""),
            **result,
        ).select(RAW.names())


def _measured(table: _Table) -> dict[str, pl.Expr]:
    """Read a result: a number, or text where the number has a sign or there is none."""
    written, other = pl.col("value_as_number"), pl.coalesce(table.texts)
    sign = (
        pl.col("operator_concept_id")
        .fill_null("0")
        .replace_strict(SIGNS, default=UNKNOWN_SIGN, return_dtype=pl.String)
    )
    number = pl.when(sign == "").then(written.cast(pl.Float64, strict=False))
    signed = pl.when(other.str.contains("^[<>≤≥]")).then(other).otherwise(sign + other)
    text = pl.when(written.is_null()).then(signed).otherwise(sign + written)
    names = [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in table.texts]
    return {
        "column": pl.when(written.is_null())
        .then(pl.coalesce(*names, pl.lit("value_as_number")))
        .otherwise(pl.lit("value_as_number")),
        "text": pl.when(number.is_null()).then(text),
        "number": number,
        "unit": pl.coalesce("ucum", "unit_source_value", "stated_unit"),
    }


def _given(table: _Table) -> dict[str, pl.Expr]:
    """State that a treatment was given."""
    return {
        "column": pl.lit(table.concept),
        "text": pl.lit(None, pl.String),
        "number": pl.lit(1.0),
        "unit": pl.lit("{given}"),
    }
