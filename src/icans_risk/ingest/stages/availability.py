"""When a result could be read, where the source does not say."""

from collections.abc import Mapping
from typing import get_args

import polars as pl

from icans_risk.catalogue import Analyte
from icans_risk.errors import CohortError
from icans_risk.ingest.files.raw_table import show_rows
from icans_risk.ingest.frames import usable
from icans_risk.study.handling import Availability, Handling

__all__ = ["fill_availability"]

POLICIES = Availability.model_fields["policy"].annotation


def fill_availability(
    frame: pl.DataFrame, handling: Handling, catalogue: Mapping[str, Analyte]
) -> pl.DataFrame:
    """Fill in the time of availability by the policy of the study.

    A turnaround counts from ``collected_h``, and so from the end of the day where only the
    day of the collection is known.

    Parameters
    ----------
    frame : DataFrame
        Results after ``parse_values`` and ``read_times``.
    handling : Handling
        Its ``availability``.
    catalogue : mapping of str to Analyte
        Usual turnarounds.

    Returns
    -------
    DataFrame
        With ``available_h`` wherever there is a value, and ``availability``: "given",
        or the policy that filled it; "constant" where ``hours`` names the analyte.

    Raises
    ------
    CohortError
        If there is something to fill and no policy, or the policy does not reach it.
    """
    has_value = usable() & pl.col("value").is_not_null()
    is_open = has_value & pl.col("available_h").is_null()
    policy = handling.availability
    hours, label = (pl.lit(None), pl.lit(None)) if policy is None else _plan(policy, catalogue)
    unreached = frame.filter(is_open & hours.is_null())
    if unreached.height:
        raise CohortError(_complaint(unreached, policy))
    filled = pl.when(is_open).then(pl.col("collected_h") + hours).otherwise("available_h")
    return frame.with_columns(
        available_h=filled.cast(pl.Float64),
        availability=pl.when(is_open).then(label).when(has_value).then(pl.lit("given")),
    )


def _plan(policy: Availability, catalogue: Mapping[str, Analyte]) -> tuple[pl.Expr, pl.Expr]:
    """Return the turnaround of each result in hours, and where it comes from."""
    own = _look_up("analyte", policy.hours)
    if policy.policy == "catalogue_turnaround":
        usual = {name: entry.turnaround_hours for name, entry in catalogue.items()}
        by_policy = _look_up("analyte", usual)
    elif policy.policy == "site_turnaround":
        by_policy = _look_up("site", policy.site_hours)
    else:
        by_policy = pl.lit(0.0 if policy.policy == "bedside" else None, pl.Float64)
    label = pl.when(own.is_not_null()).then(pl.lit("constant")).otherwise(pl.lit(policy.policy))
    return pl.coalesce(own, by_policy), label


def _look_up(column: str, hours: Mapping[str, float]) -> pl.Expr:
    return pl.col(column).replace_strict(hours, default=None, return_dtype=pl.Float64)


def _complaint(rows: pl.DataFrame, policy: Availability | None) -> str:
    if policy is None:
        lacking, names = "time of availability", ", ".join(get_args(POLICIES))
        remedy = f"Name its column, or set handling.availability.policy to one of {names}."
    elif policy.policy == "site_turnaround":
        lacking = "turnaround"
        remedy = "Add their sites to handling.availability.site_hours."
    else:
        lacking = "turnaround"
        names = ", ".join(sorted(rows["analyte"].unique()))
        remedy = f"Add to handling.availability.hours: {names}."
    return (
        f"{rows['file'].first()!s}: expected a {lacking} for every result, {rows.height} have "
        f"none ({show_rows(rows['row'].to_list())}). {remedy}"
    )
