"""A released model, moved to a product or a centre that it was not fitted on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from icans_risk.errors import ModelError
from icans_risk.models.calibrated import add_calibration
from icans_risk.models.landmark_incidence import LandmarkIncidence
from icans_risk.models.rebuilds import Rebuilds
from icans_risk.models.released import ReleasedModel
from icans_risk.models.transport import (
    Transport,
    check_enough,
    published_prior,
    transport,
    unchanged_prior,
)

__all__ = ["check_product_is_new", "transport_released"]


def check_product_is_new(columns: Sequence[str]) -> None:
    """Refuse to shift by product a model that has the product among its columns.

    Parameters
    ----------
    columns : sequence of str
        Of the model.

    Raises
    ------
    ModelError
        If one is a product: the difference between products would count twice.
    """
    own = sorted(name for name in columns if name.startswith("static.product"))
    if own:
        raise ModelError(
            "a published incidence shifts models that do not know the product, this one has the "
            f"columns {own[:4]}: the difference would count twice. Recalibrate it on local "
            "patients, or develop it without the product."
        )


def transport_released(
    released: ReleasedModel,
    X: Any,
    y: ArrayLike,
    *,
    incidence: LandmarkIncidence | None,
    sample_weight: ArrayLike | None = None,
) -> tuple[ReleasedModel, Transport]:
    """Move a released model, with an interval that holds how little is known of the move.

    Parameters
    ----------
    released : ReleasedModel
        Left as it is.
    X : DataFrame of shape (n_rows, n_columns)
        Local patients at risk.
    y : array-like of shape (n_rows,)
        Their outcomes, NaN where not known.
    incidence : LandmarkIncidence or None
        Published for their product; None believes in the model as it is.
    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.

    Returns
    -------
    ReleasedModel
        Each rebuild has a step of its own, drawn from the uncertainty; there are no
        Venn-Abers steps, which need patients of the kind that is asked about.
    Transport
        What was done.

    Raises
    ------
    ModelError
        If a published figure is asked of a model that knows the product.
    """
    if incidence is not None:
        check_product_is_new(list(released.model.feature_names_in_))
        check_enough(len(X))
    margin = released.model.margin(X)
    prior = unchanged_prior() if incidence is None else published_prior(margin, incidence)
    done = transport(margin, y, prior, sample_weight=sample_weight)
    model = add_calibration(released.model, done.step)
    rebuilds = released.rebuilds
    if rebuilds is not None:
        steps = done.steps(len(rebuilds.rebuilt))
        moved = zip(rebuilds.rebuilt, steps, strict=True)
        rebuilds = Rebuilds(
            model, tuple(add_calibration(one, step) for one, step in moved), rebuilds.failed
        )
    so_far = (*released.facts.get("recalibrations", ()), done.facts())
    return (
        replace(
            released,
            model=model,
            rebuilds=rebuilds,
            venn_abers=None,
            facts={**released.facts, "recalibrations": list(so_far)},
        ),
        done,
    )
