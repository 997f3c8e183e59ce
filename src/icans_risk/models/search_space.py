"""What tuning may choose of the boosted trees, for cohorts of 10 to 300 events.

=================  ==========  ==================================================
setting            range       why
=================  ==========  ==================================================
max_depth          1 to 4      1 adds columns up, 4 lets four of them interact;
                               deeper leaves would hold a patient or two.
learning_rate      0.05-0.3    Below it rounds only take longer, above it a
                               handful of trees is already too many.
min_child_weight   0.25-16     At a prevalence of 0.14 from 2 patients in a leaf
                               to 130: no tree at all in a small cohort.
reg_lambda         0.5-20      Shrinks a leaf of 5 patients by a half to nearly
                               all; more would only be a lower learning rate.
subsample          0.5-1       Share of the rows of a tree; less starves it.
colsample          0.1-1       Share of the columns of a tree; fewer make like
                               columns take turns.
=================  ==========  ==================================================

The number of rounds is not drawn: it is read off the learning curve of each trial.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)

from icans_risk.errors import IcansRiskError

__all__ = ["SEARCH_SPACE", "describe_space", "starting_point"]

SEARCH_SPACE: Mapping[str, IntDistribution | FloatDistribution] = MappingProxyType(
    {
        "max_depth": IntDistribution(1, 4),
        "learning_rate": FloatDistribution(0.05, 0.3, log=True),
        "min_child_weight": FloatDistribution(0.25, 16.0, log=True),
        "reg_lambda": FloatDistribution(0.5, 20.0, log=True),
        "subsample": FloatDistribution(0.5, 1.0),
        "colsample": FloatDistribution(0.1, 1.0, log=True),
    }
)


def describe_space(space: Mapping[str, BaseDistribution] = SEARCH_SPACE) -> str:
    """Write the space as JSON, equal for equal spaces."""
    return json.dumps({name: json.loads(distribution_to_json(space[name])) for name in space})


def starting_point(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the settings that are searched, to begin from a model as it stands.

    Parameters
    ----------
    settings : mapping of str to object
        The model's, as of ``get_params()``.

    Returns
    -------
    dict of str to object
        One value for each name in the space.

    Raises
    ------
    IcansRiskError
        If a setting lies outside the space.

    Examples
    --------
    >>> from icans_risk.models import BoostedTrees
    >>> starting_point(BoostedTrees(max_depth=3).get_params())["max_depth"]
    3
    >>> starting_point(BoostedTrees(max_depth=9).get_params())
    Traceback (most recent call last):
        ...
    icans_risk.errors.IcansRiskError: Tuning starts from the model's own settings: max_depth \
must lie between 1 and 4, got 9. Set it within the range, or leave the model untuned.
    """
    for name, values in SEARCH_SPACE.items():
        if not values.low <= settings[name] <= values.high:
            raise IcansRiskError(
                f"Tuning starts from the model's own settings: {name} must lie between "
                f"{values.low} and {values.high}, got {settings[name]}. Set it within the "
                "range, or leave the model untuned."
            )
    return {name: settings[name] for name in SEARCH_SPACE}
