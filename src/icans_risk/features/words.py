"""The statistics and changes in words."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CHANGE_WORDS", "GIVEN_WORDS", "STATISTIC_WORDS"]

# Name to its meaning, and to its unit where that is not the analyte's: a unit of UCUM, or
# what is put behind the analyte's.
STATISTIC_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "last": ("the value collected last", ""),
        "first": ("the value collected first", ""),
        "max": ("the highest value", ""),
        "min": ("the lowest value", ""),
        "mean": ("the mean of the values, each counted once", ""),
        "median": ("the median of the values", ""),
        "sd": ("the sample standard deviation; needs two values", ""),
        "range": ("the highest value less the lowest", ""),
        "slope_per_day": ("the least-squares slope; needs values at two times", "/d"),
        "auc_per_day": (
            "the area under the values divided by the time they span, a mean weighted by time; "
            "needs values at two times",
            "",
        ),
        "hours_to_peak": ("hours from the window's anchor to the highest value", "h"),
        "hours_since_last": ("hours from the collection of the last value to the landmark", "h"),
        "above_fraction": ("the share of the values that lie above the threshold", "1"),
        "hours_above": (
            "hours above the threshold, on straight lines from value to value; needs values at "
            "two times",
            "h",
        ),
        "hours_to_first_above": (
            "hours from the window's anchor to the first value above the threshold; missing if "
            "there is none",
            "h",
        ),
        "count": ("the number of values; zero if there is none", "1"),
    }
)

CHANGE_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "difference": ("the later value less the earlier one", ""),
        "ratio": ("the later value divided by the earlier one, which must be positive", "1"),
        "log2_ratio": ("doublings from the earlier value to the later one, both positive", "1"),
        "slope_per_day": (
            "the difference of the values by the time between the last values, per day",
            "/d",
        ),
    }
)

# Of a treatment's column: the stretch of time, and what it says.
GIVEN_WORDS = (
    "later than infusion, up to the landmark",
    "1 if a dose is known that was neither prophylaxis nor by protocol; 0 if none is",
)
