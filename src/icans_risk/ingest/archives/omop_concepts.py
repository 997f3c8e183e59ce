"""What the concept identifiers of an OMOP archive mean: analytes and units."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.archives.omop_tables import OmopTables
from icans_risk.ingest.quality import QualityReport
from icans_risk.study.archives import OmopFolder
from icans_risk.study.tables import AnalyteChoice

__all__ = ["Concepts", "read_concepts"]

VOCABULARIES = ("LOINC", "UCUM")
_MEANING = ("concept", "analyte", "stated_unit", "stated_assay")


@dataclass(frozen=True)
class Concepts:
    """What concept identifiers mean.

    Attributes
    ----------
    analytes : DataFrame
        ``concept``, ``analyte``, ``stated_unit``, ``stated_assay``; one row per concept.
    units : DataFrame
        ``unit_concept_id`` and its UCUM code ``ucum``.
    """

    analytes: pl.DataFrame
    units: pl.DataFrame


def read_concepts(tables: OmopTables, source: OmopFolder, quality: QualityReport) -> Concepts:
    """Find out which concepts are analytes of the catalogue, and which are units.

    The study's concept identifiers come first, then its LOINC codes, then the catalogue's.

    Parameters
    ----------
    tables : OmopTables
        The archive; its table ``concept`` connects codes with identifiers.
    source : OmopFolder
        The study's own mapping.
    quality : QualityReport
        Told which of the study's codes the archive does not know.

    Returns
    -------
    Concepts
        Without the table ``concept`` they hold the study's identifiers only.

    Raises
    ------
    CohortError
        If the study names LOINC codes and the archive has no table ``concept``.
    """
    codes = {code: choice for code, choice in source.concepts.items() if "-" in code}
    numbers = {code: choice for code, choice in source.concepts.items() if "-" not in code}
    if codes and "concept" not in tables:
        raise CohortError(
            f"{tables.path.name}: expected the table concept, because the study names LOINC codes. "
            "Export it as well, or name concept identifiers."
        )
    known = _vocabulary(tables)
    loinc = known.filter(pl.col("vocabulary_id") == "LOINC")
    absent = [code for code in codes if code not in set(loinc["concept_code"])]
    quality.add(
        "unknown_codes", "warning", (), count=len(absent), where=("", "", "concepts"),
        message=f"The archive has no concept for {', '.join(absent)}.",
        action="Nothing is read for them. Correct the codes in the study file.",
    )  # fmt: skip
    by_code = loinc.rename({"concept_code": "code"})
    found = [
        _meanings(numbers).rename({"code": "concept"}),
        by_code.join(_meanings(codes), on="code").rename({"concept_id": "concept"}),
        by_code.join(_meanings(_catalogue()), on="code").rename({"concept_id": "concept"}),
    ]
    analytes = pl.concat([part.select(_MEANING) for part in found])
    units = known.filter(pl.col("vocabulary_id") == "UCUM")
    return Concepts(
        analytes.unique("concept", keep="first", maintain_order=True),
        units.select(unit_concept_id="concept_id", ucum="concept_code"),
    )


def _vocabulary(tables: OmopTables) -> pl.DataFrame:
    columns = ("concept_id", "vocabulary_id", "concept_code")
    parts = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String))]
    if "concept" in tables:
        # A full vocabulary has millions of concepts, of which few are wanted.
        for chunk in tables.read("concept", columns):
            wanted = pl.col("vocabulary_id").is_in(VOCABULARIES)
            parts.append(chunk.filter(wanted).select(columns))
    return pl.concat(parts).unique("concept_id", keep="first", maintain_order=True)


def _catalogue() -> Mapping[str, AnalyteChoice]:
    coded = (analyte for analyte in load_catalogue().values() if analyte.loinc is not None)
    return {a.loinc.code: AnalyteChoice(analyte=a.full_name) for a in coded if a.loinc}


def _meanings(choices: Mapping[str, AnalyteChoice]) -> pl.DataFrame:
    rows = [(code, choice.analyte, choice.unit, choice.assay) for code, choice in choices.items()]
    schema = dict.fromkeys(("code", *_MEANING[1:]), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")
