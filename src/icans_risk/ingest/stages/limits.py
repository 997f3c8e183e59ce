"""Values that cannot be true, and values that a ward would look at twice."""

from collections.abc import Mapping

import polars as pl

from icans_risk.catalogue import Analyte
from icans_risk.ingest.frames import set_aside, usable

__all__ = ["check_limits"]


def check_limits(rows: pl.DataFrame, catalogue: Mapping[str, Analyte]) -> pl.DataFrame:
    """Set aside what lies outside the hard limits, and mark what lies outside the soft ones.

    A limit itself is still within. A value reported as ``<`` or ``>`` is judged by the
    limit that stands for it.

    Parameters
    ----------
    rows : DataFrame
        With ``analyte``, ``value`` in the catalogue's unit, and ``reason``.
    catalogue : mapping of str to Analyte
        The limits, by full name.

    Returns
    -------
    DataFrame
        The rows in their order; ``reason`` is ``impossible_value`` outside the hard limits,
        and the new Boolean ``unusual`` is true outside the soft limits of usable rows.

    Examples
    --------
    >>> from icans_risk.catalogue import load_catalogue
    >>> rows = pl.DataFrame({"analyte": "plasma.crp", "value": [80.0, 900.0, -1.0]})
    >>> rows = rows.with_columns(reason=pl.lit(None, pl.String))
    >>> check_limits(rows, load_catalogue()).select("reason", "unusual").rows()
    [(None, False), (None, True), ('impossible_value', False)]
    """
    limits = _limits_of(rows["analyte"].unique().to_list(), catalogue)
    joined = rows.join(limits, on="analyte", how="left", maintain_order="left")
    checked = set_aside(joined, _is_outside("hard"), reason="impossible_value")
    unusual = usable() & _is_outside("soft").fill_null(False)
    return checked.select(*rows.columns, unusual=unusual)


def _limits_of(names: list[str], catalogue: Mapping[str, Analyte]) -> pl.DataFrame:
    entries = [catalogue[name] for name in names]
    hard = [entry.hard_limits for entry in entries]
    soft = [entry.soft_limits or entry.hard_limits for entry in entries]
    columns = {
        "analyte": names,
        "hard_low": [low for low, _ in hard],
        "hard_high": [high for _, high in hard],
        "soft_low": [low for low, _ in soft],
        "soft_high": [high for _, high in soft],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64) | {"analyte": pl.String})


def _is_outside(kind: str) -> pl.Expr:
    return ~pl.col("value").is_between(f"{kind}_low", f"{kind}_high")
