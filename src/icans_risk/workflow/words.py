"""Sentences that pages and summaries share: policies, and what a study admits."""

__all__ = [
    "CARRIED_OVER_NOTE",
    "POLICIES",
    "POOLED_NOTE",
    "PRESENCE_NOTES",
    "RELEASED_NOTE",
    "TREATMENTS",
]

POLICIES = {
    "discharged_well": (
        "A patient discharged without the endpoint counts as free of it until the horizon."
    ),
    "observed_only": (
        "Only patients observed until the horizon count, weighted by the inverse probability "
        "of being observed so long."
    ),
    "complete_case": "Only patients observed until the horizon count, without weights.",
}

_LOCAL_PRACTICE = "the risk is the one under local practice, with whatever is given later."

TREATMENTS = {
    "ignore": (
        "Treatment is no reason to stop counting: values collected after a drug against "
        "inflammation was given for toxicity count like any other, and are marked; "
        f"{_LOCAL_PRACTICE}"
    ),
    "censor": (
        "Values collected after the first drug against inflammation that was given for toxicity "
        f"do not count; {_LOCAL_PRACTICE}"
    ),
    "include_before_landmark": (
        "That a drug against inflammation was given for toxicity by the landmark is an input of "
        "the model, and values collected after it count like any other, and are marked; "
        f"{_LOCAL_PRACTICE}"
    ),
}

# What every report says first of a study that lets the model see who was tested or treated.
PRESENCE_NOTES: dict[str, list[str]] = {
    "protocol_only": [],
    "informative": [
        "Presence is informative in this study: that a test or a drug was ordered counts, although "
        "it may have been ordered because the endpoint was near. The model may say what staff knew "
        "already, and need not do as well where they order otherwise."
    ],
}

POOLED_NOTE = (
    "Held-out risks come from models fitted to other patients of the same cohort; another "
    "hospital, product or period was never tried."
)

# Instead of the note above, on pages of patients whom a released model is asked about.
RELEASED_NOTE = (
    "The model was tried on patients of its own study only, each judged by models that had not "
    "seen them; another hospital, product or period was never tried."
)

# Instead of the note above, where groups were left out in turn.
CARRIED_OVER_NOTE = (
    "Held-out risks come from models fitted to other patients of the same cohort. What becomes of "
    "them in a site, product or period that the model never saw stands apart, under \u201cDoes it "
    "carry over\u201d; another cohort was never tried."
)
