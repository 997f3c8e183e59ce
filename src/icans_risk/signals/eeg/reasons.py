"""Why a recording gives no measurements, and what a reader should know of one that does."""

from collections.abc import Mapping

from icans_risk.signals.reasons import SHARED, FileRefusedError, Reason

__all__ = ["FLAGS", "REASONS", "RefusedError"]

# What is wrong with a file. No message has room for anything that stands in the file.
REASONS: Mapping[str, Reason] = {
    **SHARED,
    "unsupported_format": Reason(
        "The file is not EDF, BDF or binary BrainVision.", "Export it as EDF+."
    ),
    "unfinished": Reason(
        "The header does not say how long the recording is: it was not closed.",
        "Close it in the recording program and export it again.",
    ),
    "too_few_channels": Reason(
        "Fewer than 8 electrodes of the 10-20 system with a common reference were found.",
        "Export a referential montage with 10-20 names.",
    ),
    "bipolar": Reason(
        "The channels are differences between electrodes, from which no average reference follows.",
        "Export a referential montage.",
    ),
    "unit_not_stated": Reason(
        "The header states no unit of voltage for the electrodes.", "Export with uV, mV or V."
    ),
    "rate_too_low": Reason("Fewer than 100 samples a second.", "Export at the recorded rate."),
    "mixed_rates": Reason(
        "The electrodes have different sampling rates.", "Export them at one rate."
    ),
    "too_short": Reason(
        "Shorter than a minute, or in pieces shorter than ten seconds.", "Use a longer recording."
    ),
    "implausible_amplitude": Reason(
        "The amplitude is not that of an EEG: the unit or the gain is wrong.",
        "Correct the unit in the export; microvolt and volt are often confused.",
    ),
    "too_little_clean": Reason(
        "Less than a minute is left without artefacts.", "Look at the recording; use another."
    ),
    "unreadable": Reason(
        "The reader of the format gave up on the file.", "Export the recording again."
    ),
    "reader_disagrees": Reason(
        "The reader found another number of samples, channels or rate than the header states.",
        "Export the recording again.",
    ),
}

# What was noticed about a recording that is used.
FLAGS: Mapping[str, str] = {
    "missing_channels": "not all 19 electrodes of the 10-20 system are there",
    "bad_channels": "an electrode was bad most of the time and is left out",
    "doubled_channels": "several channels claim one electrode; it is left out",
    "mixed_reference": "the electrodes do not share one reference",
    "unusual_rate": "an unusual sampling rate: is the header right?",
    "line_noise": "mains hum above 20 uV; it lies outside all measured bands",
    "much_rejected": "more than half of the recording was rejected",
    "little_clean": "less than 3 minutes are left without artefacts",
    "padded": "stretches without any signal were cut out",
    "clipped": "clipped stretches were cut out",
    "gaps": "the recording was interrupted",
}


class RefusedError(FileRefusedError):
    """A recording is not used, for one of the ``REASONS``."""

    reasons = REASONS
