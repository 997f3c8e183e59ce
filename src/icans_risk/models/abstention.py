"""Whom a model does not answer for: one code for each reason, and the rule behind it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = [
    "ABSTENTIONS",
    "ANSWERED",
    "FALSE_ALARM_RATE",
    "RANGE_MARGIN",
    "SHARE_OF_IMPORTANT",
    "STALE_AFTER_H",
    "WIDEST_INTERVAL",
    "Abstention",
]

ANSWERED = "answered"

# Working rules: no patient's course has shown that one number is better than its neighbour.
STALE_AFTER_H = 48.0
SHARE_OF_IMPORTANT = 0.5
RANGE_MARGIN = 0.5
FALSE_ALARM_RATE = 0.03
# On fresh synthetic patients of cohorts of 150 and 300, intervals wider than 0.30 were those of
# 1 in 10, whose events were twice as frequent and whom the model still ranked (AUROC 0.56 to
# 0.63): not to answer would have hidden the patients at most risk. Wider than 0.40 were those of
# 1 to 4 in 100, whom it ranked no better than chance.
WIDEST_INTERVAL = 0.40

_WORKING_RULE = "working rule"
_NO_NUMBER = "follows from what the model is"


class Abstention(NamedTuple):
    """Why there is no answer.

    Attributes
    ----------
    sentence : str
        For the reader of a page.
    rule : str
        When it applies.
    threshold : float or None
        The default, where the rule has a number.
    source : str
        Where rule and threshold come from.
    """

    sentence: str
    rule: str
    threshold: float | None
    source: str


# In order of precedence: what is wrong with the question, then with the patient's fit to the
# model, then with the data, then with the answer. The first that applies is the status.
ABSTENTIONS: Mapping[str, Abstention] = MappingProxyType(
    {
        "model_withdrawn": Abstention(
            "This model has been withdrawn and gives no more answers.",
            "The model is marked as withdrawn.",
            None,
            _NO_NUMBER,
        ),
        "synthetic_model_on_real_data": Abstention(
            "This model was fitted on synthetic patients and says nothing about real ones.",
            "The model was fitted on synthetic data, the row is of a real patient.",
            None,
            _NO_NUMBER,
        ),
        "no_infusion_time": Abstention(
            "The time of the infusion is not known, so that nothing can be dated by it.",
            "The episode has no time of infusion.",
            None,
            _NO_NUMBER,
        ),
        "beyond_landmark": Abstention(
            "The moment asked about is none that this model was made for.",
            "The row is asked for at another time than the model's landmarks allow.",
            None,
            _NO_NUMBER,
        ),
        "already_at_endpoint": Abstention(
            "The endpoint had already been recorded at the landmark. The model predicts only its "
            "first occurrence, so there is nothing left for it to predict.",
            "The endpoint was reached at or before the landmark.",
            None,
            _NO_NUMBER,
        ),
        "cns_tumour": Abstention(
            "The patient is treated for a tumour of the nervous system, and this model was fitted "
            "on patients with diseases of the blood.",
            "The row is of a patient with a CNS tumour, no training patient had one.",
            None,
            _NO_NUMBER,
        ),
        "unknown_product": Abstention(
            "The product, or another category that the model uses, is one that no training "
            "patient had.",
            "A category has a level that was not there at the fit: its indicators are all zero, "
            "or it is reported as unseen.",
            None,
            _NO_NUMBER,
        ),
        "no_data_before_landmark": Abstention(
            "No value that the model uses was available at the landmark. A number printed here "
            "would only repeat what happened to other patients.",
            "Every measured column is missing.",
            None,
            _NO_NUMBER,
        ),
        "required_modality_missing": Abstention(
            "A kind of measurement that this model cannot do without is missing.",
            "All columns of a modality that is declared as required are missing.",
            None,
            "declared with the model",
        ),
        "too_few_inputs": Abstention(
            "Too few of the values that matter most to this model are known.",
            "Fewer important columns are known than this share of them, and fewer than in 99 % of "
            "the training rows.",
            SHARE_OF_IMPORTANT,
            _WORKING_RULE,
        ),
        "stale_input": Abstention(
            "The latest value that the model uses is too old for an answer about now.",
            "More than so many hours lie between the latest value and the landmark.",
            STALE_AFTER_H,
            _WORKING_RULE,
        ),
        "out_of_range": Abstention(
            "A value lies far outside what the model has seen, or outside what is possible.",
            "A value lies beyond its hard limits, or beyond the training range by more than this "
            "share of that range (of its logarithm, where all values are positive).",
            RANGE_MARGIN,
            _WORKING_RULE,
        ),
        "unlike_training": Abstention(
            "The patient's values taken together, or which of them are missing, are unlike those "
            "of the training patients.",
            "The conformal p-value of the distance to the training patients is at most this.",
            FALSE_ALARM_RATE,
            "working rule; p-value after Vovk 2015, doi:10.1007/s10472-013-9368-4",
        ),
        "unstable": Abstention(
            "Models built on other patients of the same kind disagree too much about this one.",
            "The interval of the rebuilt models is wider than this, or holds the declared "
            "decision threshold with room on both sides.",
            WIDEST_INTERVAL,
            _WORKING_RULE,
        ),
    }
)
