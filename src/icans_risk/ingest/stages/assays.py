"""Platforms that disagree are never pooled unless a rule of the study says how."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from icans_risk.catalogue import Analyte
from icans_risk.ingest.frames import set_aside, usable
from icans_risk.study.handling import AssayRule, Handling

__all__ = ["AssayProblem", "PlatformRows", "assay_problems", "choose_assays"]

# What results without a stated platform are called where each platform stands alone.
UNKNOWN = "unknown"
# An error that concerns a hundred platforms names only so many of them.
LISTED = 8


@dataclass(frozen=True)
class PlatformRows:
    """The results of one platform: how many, and where the first one stands.

    ``assay`` is the platform as the source writes it, empty where it names none.
    """

    assay: str
    count: int
    file: str
    row: int


@dataclass(frozen=True)
class AssayProblem:
    """What stands in the way of using an analyte's results.

    Attributes
    ----------
    analyte : str
        Full name.
    platforms : tuple of PlatformRows
        All platforms of its results, by name.
    message : str
        What is wrong.
    action : str
        What to do about it.
    """

    analyte: str
    platforms: tuple[PlatformRows, ...]
    message: str
    action: str

    @property
    def count(self) -> int:
        """Count the results that it concerns."""
        return sum(platform.count for platform in self.platforms)

    @property
    def file(self) -> str:
        """Name the first file that it concerns."""
        return min(platform.file for platform in self.platforms)

    @property
    def rows(self) -> tuple[int, ...]:
        """List the rows of that file where a platform comes first of all."""
        return tuple(platform.row for platform in self.platforms if platform.file == self.file)


def assay_problems(
    rows: pl.DataFrame,
    handling: Handling,
    catalogue: Mapping[str, Analyte],
    *,
    rare: Collection[str] = (),
) -> list[AssayProblem]:
    """Find the analytes whose platforms would be pooled, or do not fit their rule.

    Parameters
    ----------
    rows : DataFrame
        All usable results: ``analyte``, ``assay``, ``file`` and ``row``.
    handling : Handling
        Its ``assays`` are the rules by analyte.
    catalogue : mapping of str to Analyte
        Says which analytes are assay-dependent.
    rare : collection of str
        Platforms of so few episodes that their text may be a remark: they are not named.

    Returns
    -------
    list of AssayProblem
        By analyte. Platforms are told apart by their text as it is written; results
        without one are a platform of their own.

    Examples
    --------
    >>> from icans_risk.catalogue import load_catalogue
    >>> rows = pl.DataFrame({
    ...     "file": "nfl.csv", "row": [2, 3, 4], "analyte": "plasma.nfl",
    ...     "assay": ["Ella", "Simoa", "Ella"],
    ... })
    >>> [problem] = assay_problems(rows, Handling(), load_catalogue())
    >>> problem.message
    "plasma.nfl was measured on several platforms: 2 on 'Ella', 1 on 'Simoa'."
    """
    rules = handling.assays

    def is_concerned(name: str) -> bool:
        return name in rules or catalogue[name].assay_dependent

    names = [name for name in rows["analyte"].unique() if is_concerned(name)]
    problems = []
    for analyte, platforms in _platforms(rows.filter(pl.col("analyte").is_in(names))).items():
        listed = _in_words(platforms, rare)
        found = _mismatch(
            analyte, platforms, rules.get(analyte), catalogue=catalogue, listed=listed
        )
        if found is not None:
            problems.append(AssayProblem(analyte, tuple(platforms), *found))
    return problems


def choose_assays(
    rows: pl.DataFrame, handling: Handling, catalogue: Mapping[str, Analyte]
) -> pl.DataFrame:
    """Apply the rules on platforms: use one, convert, or keep each apart.

    Rows may come in parts. Whether the rules fit all of them is for ``assay_problems`` to
    say; here a platform that its rule does not cover is set aside.

    Parameters
    ----------
    rows : DataFrame
        With ``analyte``, ``value``, ``assay`` and ``reason``.
    handling : Handling
        Its ``assays`` are the rules by analyte.
    catalogue : mapping of str to Analyte
        Says which platforms can be measurements of their own.

    Returns
    -------
    DataFrame
        The rows in their order. Those of a platform that is not used get the reason
        ``other_platform``. With factors ``value``, also where it is a limit, is that of
        the platform of reference. Kept apart, ``analyte`` is ``plasma.nfl@ella``, and
        ``plasma.nfl@unknown`` where no platform is stated.
    """
    for analyte, rule in handling.assays.items():
        rows = _apply(rows, analyte, rule, catalogue=catalogue)
    return rows


def _platforms(rows: pl.DataFrame) -> dict[str, list[PlatformRows]]:
    """List the platforms of each analyte."""
    by_file = rows.group_by("analyte", "assay", "file").agg(pl.len(), pl.col("row").min())
    summed = (
        by_file.sort("analyte", "assay", "file")
        .group_by("analyte", "assay", maintain_order=True)
        .agg(pl.col("len").sum().alias("count"), pl.col("file", "row").first())
    )
    found: dict[str, list[PlatformRows]] = {}
    for row in summed.iter_rows(named=True):
        found.setdefault(row.pop("analyte"), []).append(PlatformRows(**row))
    return found


def _mismatch(
    analyte: str,
    platforms: list[PlatformRows],
    rule: AssayRule | None,
    *,
    catalogue: Mapping[str, Analyte],
    listed: str,
) -> tuple[str, str] | None:
    """Say what is wrong and what to do, if the results cannot be used as the rule says."""
    seen = [platform.assay for platform in platforms]
    key = f"handling.assays.{analyte}"
    if rule is None:
        message = f"{analyte} was measured on several platforms: {listed}."
        action = f"Say under {key} which to use, how to convert, or that each is separate."
        return (message, action) if len(seen) > 1 else None
    if rule.use is not None and rule.use not in seen:
        message = f"{key} uses {rule.use!r}, but the results are {listed}."
        return message, "Write the platform as the results do."
    if rule.factors and not set(seen) <= set(rule.factors):
        message = f"{key} has factors for {sorted(rule.factors)}, but the results are {listed}."
        return message, "Add the missing factors, or use one platform."
    names = {_separate_name(analyte, assay) for assay in seen}
    if rule.separate and (len(names) < len(seen) or not all(name in catalogue for name in names)):
        message = (
            f"{key} separates platforms, which takes an assay-dependent analyte and a name of "
            f"its own for each, but the results are {listed}."
        )
        action = "Name the platforms apart by letters and digits in the source, or drop the rule."
        return message, action
    return None


def _in_words(platforms: list[PlatformRows], rare: Collection[str]) -> str:
    names = {platform.assay: repr(platform.assay) for platform in platforms}
    names |= {"": "an unstated one"} | dict.fromkeys(rare, "a rare one")
    parts = [f"{platform.count} on {names[platform.assay]}" for platform in platforms[:LISTED]]
    more = [f"{len(platforms) - LISTED} more platforms"] if len(platforms) > LISTED else []
    return ", ".join(parts + more)


def _separate_name(analyte: str, assay: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", assay.lower()).strip("_") if assay else UNKNOWN
    return f"{analyte}@{slug}"


def _apply(
    rows: pl.DataFrame, analyte: str, rule: AssayRule, *, catalogue: Mapping[str, Analyte]
) -> pl.DataFrame:
    own = usable() & (pl.col("analyte") == analyte)
    assay = pl.col("assay")
    seen = rows.filter(own)["assay"].unique().to_list()
    if not seen:
        return rows
    names = {text: _separate_name(analyte, text) for text in seen}
    covered = [text for text in seen if names[text] in catalogue] if rule.separate else []
    covered += [*rule.factors, *([] if rule.use is None else [rule.use])]
    rows = set_aside(rows, own & ~assay.is_in(covered), reason="other_platform")
    if rule.factors:
        factor = assay.replace_strict(rule.factors, default=None, return_dtype=pl.Float64)
        converted = pl.when(own).then(pl.col("value") * factor).otherwise("value")
        return rows.with_columns(value=converted)
    if rule.separate:
        name = assay.replace_strict(names, default=None, return_dtype=pl.String)
        return rows.with_columns(analyte=pl.when(own).then(name).otherwise("analyte"))
    return rows
