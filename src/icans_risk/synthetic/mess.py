"""Make an export of a clean cohort, with the faults that exports contain, and list them.

The list of planted faults says where each one stands, so that a reader of exports can be
held against it: what it found, what it missed, what it took for a fault that was none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort
from icans_risk.errors import IcansRiskError
from icans_risk.synthetic.parameters import load
from icans_risk.synthetic.random import Draws

__all__ = ["FAULTS", "LEVELS", "Export", "make_export"]

Mask = NDArray[np.bool_]

# Share of rows (of patients for the last) that each fault touches, by level of mess.
LEVELS: Mapping[int, float] = MappingProxyType({0: 0.0, 1: 0.002, 2: 0.01, 3: 0.03})

# What the planted "<0.5" says.
LIMIT = 0.5


@dataclass(frozen=True)
class Export:
    """A long table as a hospital exports it, and what is wrong with it.

    Attributes
    ----------
    results : DataFrame
        ``line, patient_id, episode_id, analyte, collected_h, resulted_h, result, unit``; results
        are text, in the unit and with the decimal sign of the site.
    faults : DataFrame
        ``fault, line``: each planted fault and the line that it stands in; the line is
        missing where a patient has no results at all, and ``episode_id`` says whose.
    """

    results: pd.DataFrame
    faults: pd.DataFrame


def make_export(cohort: Cohort, *, level: int, seed: int) -> Export:
    """Make an export of a cohort and plant faults in it.

    Parameters
    ----------
    cohort : Cohort
        Clean.
    level : {0, 1, 2, 3}
        How much is wrong: nothing, 0.2 %, 1 % or 3 % of rows for each fault.
    seed : int
        Same seed, same faults.

    Returns
    -------
    Export
        The table and the list of faults. Sites' own units and decimal signs are there at
        every level and are no faults.

    Raises
    ------
    IcansRiskError
        If the level is not known.
    """
    if level not in LEVELS:
        raise IcansRiskError(f"level must be one of {sorted(LEVELS)}, got {level!r}. Choose one.")
    share = LEVELS[level]
    table = _clean_export(cohort)
    table, silent = _silence(table, share, seed=seed)
    drawn = Draws(seed, np.arange(len(table), dtype=np.uint64))
    planted = []
    is_free = np.ones(len(table), dtype=bool)
    for fault, plant in FAULTS.items():
        chosen = is_free & drawn.happens(f"fault {fault}", share)
        done, added = plant(table, chosen)
        # One fault per line: a list of faults must say what is wrong with each.
        is_free &= ~done
        planted.append((fault, table.index[done].to_numpy(), added))
    results, faults = _number(table, planted)
    return Export(results, pd.concat([faults, silent], ignore_index=True))


def _clean_export(cohort: Cohort) -> pd.DataFrame:
    events = cohort.events
    sites = cohort.episodes.set_index("episode_id")
    name = events["modality"].astype(str) + "." + events["analyte"].astype(str)
    site = events["episode_id"].map(sites["site"])
    habits = {s.name: s for s in load().sites}
    table = pd.DataFrame(
        {
            "patient_id": events["episode_id"].map(sites["patient_id"]),
            "episode_id": events["episode_id"],
            "analyte": name,
            "collected_h": events["collected_h"],
            "resulted_h": events["available_h"],
            "unit": name.map({key: a.unit for key, a in load_catalogue().items()}),
        }
    )
    in_dl = (name == "plasma.crp") & site.map({k: h.crp_unit == "mg/dL" for k, h in habits.items()})
    table.loc[in_dl, "unit"] = "mg/dL"
    value = events["value"].where(~in_dl, (events["value"] / 10.0).round(2))
    text = events["censored"].astype(str) + value.map("{:.6g}".format)
    comma = site.map({k: h.decimal_comma for k, h in habits.items()}).astype(bool)
    table["result"] = text.where(~comma, text.str.replace(".", ",", regex=False))
    # How each row writes fractions, for the planters; the export does not say it.
    table["sign"] = np.where(comma, ",", ".")
    return table


def _silence(table: pd.DataFrame, share: float, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take all results away from some patients."""
    ids = pd.Index(table["episode_id"].unique())
    drawn = Draws(seed, np.arange(len(ids), dtype=np.uint64)).happens("silent", share)
    silent = ids[drawn]
    kept = table[~table["episode_id"].isin(silent)].reset_index(drop=True)
    listed = pd.DataFrame({"fault": "no_results", "line": np.nan, "episode_id": silent})
    return kept, listed


# A planter changes the chosen rows in place, or makes rows to be added. It returns which rows
# it changed or copied, and the rows to add.
Planter = Callable[[pd.DataFrame, Mask], tuple[Mask, pd.DataFrame]]


def _duplicate(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    return chosen, table[chosen].copy()


def _correct(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    """Add a later, corrected result of the same sample."""
    later = table[chosen].copy()
    later["resulted_h"] = later["resulted_h"] + 5.0
    rows = zip(later["result"], later["analyte"], later["sign"], strict=True)
    later["result"] = [_shift(result, name, sign) for result, name, sign in rows]
    return chosen, later


def _shift(result: str, name: str, sign: str) -> str:
    """Write another number that may be true."""
    low, high = load_catalogue()[name].hard_limits
    larger = min(1.1 * _number_in(result) + 0.1, high)
    value = larger if larger > _number_in(result) else low
    return _limit_in(result) + _written(value, sign)


def _limit_in(result: str) -> str:
    return result[0] if result[:1] in ("<", ">") else ""


def _number_in(result: str) -> float:
    return float(result.removeprefix(_limit_in(result)).replace(",", "."))


def _written(value: float, sign: str) -> str:
    return f"{value:.6g}".replace(".", sign)


def _mix_units(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    """Write CRP in the other unit and leave the unit's column empty."""
    chosen = chosen & (table["analyte"] == "plasma.crp").to_numpy()
    factor = np.where(table.loc[chosen, "unit"] == "mg/dL", 10.0, 0.1)
    rows = zip(table.loc[chosen, "result"], factor, table.loc[chosen, "sign"], strict=True)
    table.loc[chosen, "result"] = [
        _limit_in(text) + _written(_number_in(text) * by, sign) for text, by, sign in rows
    ]
    table.loc[chosen, "unit"] = ""
    return chosen, table.iloc[:0]


def _swap_sign(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    """Use the other decimal sign than the rest of the site."""
    text = table["result"]
    has_sign = text.str.contains(r"[.,]").to_numpy(dtype=bool)
    chosen = chosen & has_sign
    swapped = text[chosen].str.translate(str.maketrans(",.", ".,"))
    table.loc[chosen, "result"] = swapped
    return chosen, table.iloc[:0]


def _censor(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    """Write a limit where the clean export has a number."""
    is_plain = ~table["result"].str.contains("[<>]").to_numpy(dtype=bool)
    can_be = [
        n for n, a in load_catalogue().items() if a.hard_limits[0] <= LIMIT < a.hard_limits[1]
    ]
    chosen = chosen & is_plain & table["analyte"].isin(can_be).to_numpy(dtype=bool)
    table.loc[chosen, "result"] = "<" + table.loc[chosen, "sign"].map(
        lambda sign: _written(LIMIT, sign)
    )
    return chosen, table.iloc[:0]


def _break(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    """Write a number that cannot be."""
    table.loc[chosen, "result"] = "-99"
    return chosen, table.iloc[:0]


def _precede(table: pd.DataFrame, chosen: Mask) -> tuple[Mask, pd.DataFrame]:
    """Date the result before the sample."""
    table.loc[chosen, "resulted_h"] = table.loc[chosen, "collected_h"] - 3.0
    return chosen, table.iloc[:0]


FAULTS: Mapping[str, Planter] = MappingProxyType(
    {
        "mixed_unit": _mix_units,
        "decimal_sign": _swap_sign,
        "below_limit": _censor,
        "impossible_value": _break,
        "result_before_collection": _precede,
        "duplicate": _duplicate,
        "corrected_result": _correct,
    }
)


def _number(
    table: pd.DataFrame, planted: list[tuple[str, NDArray[np.int64], pd.DataFrame]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Append what was added, number the lines, and list the faults by line."""
    parts, listed, length = [table], [], len(table)
    for fault, rows, added in planted:
        lines = rows if added.empty else np.arange(length, length + len(added))
        listed.append(pd.DataFrame({"fault": fault, "line": lines.astype(np.float64)}))
        parts.append(added)
        length += len(added)
    results = pd.concat(parts, ignore_index=True)
    columns = ["patient_id", "episode_id", "analyte", "collected_h", "resulted_h", "result", "unit"]
    results = results[columns]
    results.insert(0, "line", np.arange(len(results), dtype=np.float64))
    faults = pd.concat(listed, ignore_index=True)
    faults["episode_id"] = results["episode_id"].iloc[faults["line"].astype(int)].to_numpy()
    return results, faults
