"""Stretches of one site that are the visible part of a site in another unit."""

from dataclasses import replace

import numpy as np

from icans_risk.ingest.shifts.evidence import FEWEST_EPISODES, Hit, Series

__all__ = ["widen"]

# A site chooses its units once. Where so many of its episodes were caught one by one, the
# others may have been too sick to be: their true values are as high as the unit makes them low.
SHARE_CAUGHT = 1 / 3
# So much of the candidate's shift must be left in the others; none is, where the site changed
# its unit in the middle.
SHIFT_LEFT = 1 / 3


def widen(series: Series, hit: Hit) -> Hit:
    """Take the whole site for its stretches, if the rest of the site leans the same way.

    Severe cases at one site hide a unit that would lower their values: the sicker half looks
    ordinary, and only the other half stands out.
    """
    sites = np.unique(series.site[hit.rows])
    if hit.kind not in ("block", "scattered") or sites.size > 1 or sites[0] < 0:
        return hit
    stated = series.stated[hit.rows][0]
    whole = (series.site == sites[0]) & (series.stated == stated)
    caught = np.unique(series.episode[hit.rows]).size
    if caught < SHARE_CAUGHT * np.unique(series.episode[whole]).size:
        return hit
    inside, outside = series.medians(whole & ~hit.rows), series.medians(~whole)
    if min(inside.size, outside.size) < FEWEST_EPISODES:
        return hit
    left = (np.median(outside) - np.median(inside)) / hit.candidate.shift
    return replace(hit, kind="site", rows=whole) if left >= SHIFT_LEFT else hit
