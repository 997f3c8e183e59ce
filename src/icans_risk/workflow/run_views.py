"""How a data scientist looks at the models of a study in the tracking interface."""

from icans_risk.study import Study
from icans_risk.tracking import SavedView
from icans_risk.workflow.model_runs import GALLERY
from icans_risk.workflow.plans import MAIN

__all__ = ["list_views"]

_MODELS = "tags.run_kind = 'model'"
_SLOPE, _AUROC = "metrics.calibration_slope", "metrics.auroc"


def list_views(study: Study) -> list[SavedView]:
    """List the views of an experiment: all models by slope and AUROC, one landmark, one model."""
    landmarks = [f"{at:g}" for at in study.outcome.landmarks_h]
    by_slope = _view(study, "icans-slope", "Models by calibration slope", only=_MODELS)
    by_auroc = _view(
        study, "icans-auroc", "Models by AUROC", only=_MODELS, order_by=_AUROC, is_ascending=False
    )
    at_one = [
        _view(
            study,
            f"icans-{at.replace('.', '_')}h",
            f"Models at {at} h",
            only=f"{_MODELS} and tags.landmark_h = '{at}'",
        )
        for at in landmarks
    ]
    of_one = _view(
        study,
        "icans-landmarks",
        "The study's model at each landmark",
        only=f"{_MODELS} and tags.model = '{MAIN}'",
        order_by="tags.landmark_h",
        # The charts put the first run on the right.
        is_ascending=False,
    )
    return [by_slope, by_auroc, *at_one, *([of_one] if len(landmarks) > 1 else [])]


def _view(
    study: Study,
    key: str,
    name: str,
    *,
    only: str,
    order_by: str = _SLOPE,
    is_ascending: bool = True,
) -> SavedView:
    benefits = [f"net_benefit_{100 * at:g}" for at in study.evaluation.thresholds]
    # One threshold is a column; the others are a click away.
    middle = benefits[len(benefits) // 2 : len(benefits) // 2 + 1]
    return SavedView(
        key=key,
        name=name,
        only=only,
        order_by=order_by,
        is_ascending=is_ascending,
        # From left to right as long as there is room; what bounds a figure comes last.
        columns={
            "tags.landmark_h": 85,
            "tags.model": 120,
            _SLOPE: 125,
            _AUROC: 70,
            **{f"metrics.{benefit}": 112 for benefit in middle},
            "tags.audit": 118,
            "metrics.auroc_low": 80,
            "metrics.auroc_high": 85,
            f"{_SLOPE}_low": 150,
            f"{_SLOPE}_high": 155,
        },
        images=GALLERY,
        bars=("calibration_slope", "auroc", *middle),
        lines=(
            "params.landmark_h",
            "params.model",
            _SLOPE,
            *(f"metrics.{b}" for b in middle),
            _AUROC,
        ),
    )
