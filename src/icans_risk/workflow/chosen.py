"""Settings that tunings chose: kept by the name of the fit, so that a run can be made again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.plans import Fit

__all__ = ["SETTINGS", "chosen_settings"]

# The document of a run that holds them.
SETTINGS = "study/settings.json"


def chosen_settings(results: Sequence[LandmarkResult]) -> dict[str, dict[str, Any]]:
    """Collect what the tunings of a run chose, those of its folds included.

    Parameters
    ----------
    results : sequence of LandmarkResult
        One per landmark.

    Returns
    -------
    dict
        Settings of trees by the name of the fit; plain data, empty where nothing was tuned.
    """
    return {
        fit.name: dict(fit.tuning.best_parameters)
        for result in results
        for fit in _fits(result)
        if fit.tuning is not None
    }


def _fits(result: LandmarkResult) -> Iterator[Fit]:
    yield result.fit
    models: Mapping[str, Any] = {**result.models, **result.sensitivity}
    for model in models.values():
        yield from model.fits
