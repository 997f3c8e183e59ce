"""What no hospital knows: true risks, latent onsets, and what the risk came from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from icans_risk.synthetic.hazard import (
    LATENTS,
    Hazard,
    Variant,
    share_of_log_hazard,
)
from icans_risk.synthetic.mechanism import PULSES
from icans_risk.synthetic.neurology import EEG_READERS
from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.people import PRODUCT_MIXES, People
from icans_risk.synthetic.toxicity import Toxicity

__all__ = ["Truth", "join_truth", "readers", "tell_truth"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """The truth about a simulated cohort; it never enters a cohort's tables.

    Attributes
    ----------
    risks : DataFrame
        ``episode_id, landmark_h, horizon_h, at_risk, true_risk, true_risk_untreated``. At
        risk means that the latent onset and death lie after the landmark. The true risk is
        ``1 - exp(-integral of the hazard over (landmark, horizon])``: the risk if nobody
        died of anything else; untreated is without prophylaxis.
    onsets : DataFrame
        ``episode_id, onset_h, died_h``: when grade 3 is reached within 720 h, whether or
        not death of another cause comes first, and when the patient dies.
    shares : DataFrame
        ``episode_id, landmark_h, latent, share_of_log_hazard``, relative to the typical
        patient of the product, see `share_of_log_hazard`.
    readers : DataFrame
        ``latent, analyte``: which analytes, by full name, read which latent; static columns
        of the episodes stand as ``static.<column>``.
    scans : DataFrame
        What each magnetic resonance image shows, see `tell_scans`.
    local : DataFrame
        ``episode_id, tian_h, tian_grade, size, true_risk``, of tumours of the nervous system
        alone: when TIAN begins, its grade, how much local inflammation there is in SD, and
        the chance of grade 3 or more given that.
    """

    risks: pd.DataFrame
    onsets: pd.DataFrame
    shares: pd.DataFrame
    readers: pd.DataFrame
    scans: pd.DataFrame
    local: pd.DataFrame


def tell_truth(
    numbers: Parameters,
    people: People,
    toxicity: Toxicity,
    *,
    hazard: Hazard,
    ids: list[str],
    landmarks_h: Sequence[float],
    horizon_h: float,
    variant: Variant,
    product_mix: str,
    scans: pd.DataFrame,
) -> Truth:
    """Tell the truth about some episodes.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, toxicity, hazard : People, Toxicity, Hazard
        The episodes, what happens to them, and their hazard.
    ids : list of str
        Identifiers of the episodes.
    landmarks_h, horizon_h : sequence of float, float
        Prediction times and the end of the period at risk.
    variant, product_mix : str
        As in `simulate`.
    scans : DataFrame
        What scans show.

    Returns
    -------
    Truth
        Six tables.
    """
    cumulative = hazard.cumulate()
    risks = [
        _risks(toxicity, hazard, cumulative, ids=ids, landmark_h=at, horizon_h=horizon_h)
        for at in landmarks_h
    ]
    arms = list(numbers.arms)
    mix = {arms.index(seq[0]): w for seq, w in PRODUCT_MIXES[product_mix].items()}
    shares = []
    for at in landmarks_h:
        table = share_of_log_hazard(
            numbers, people, hazard, landmark_h=at, horizon_h=horizon_h, variant=variant, mix=mix
        )
        shares.append(_lengthen(table, ids=ids, landmark_h=at))
    finite = np.isfinite
    onsets = pd.DataFrame(
        {
            "episode_id": ids,
            "onset_h": np.where(finite(toxicity.onset_h), toxicity.onset_h, np.nan),
            "died_h": np.where(finite(toxicity.died_h), toxicity.died_h, np.nan),
        }
    )
    return Truth(
        risks=pd.concat(risks, ignore_index=True),
        onsets=onsets,
        shares=pd.concat(shares, ignore_index=True),
        readers=readers(numbers),
        scans=scans,
        local=_tell_local(numbers, toxicity, ids),
    )


def _tell_local(numbers: Parameters, toxicity: Toxicity, ids: list[str]) -> pd.DataFrame:
    in_grade = numbers.number("tian.size_in_grade")
    below_3 = float(np.sum(numbers.several("tian.grades")[:3]))
    above = (in_grade * toxicity.tian_size - ndtri(below_3)) / np.sqrt(1.0 - in_grade**2)
    table = pd.DataFrame(
        {
            "episode_id": ids,
            "tian_h": toxicity.tian_h,
            "tian_grade": toxicity.tian_grade,
            "size": toxicity.tian_size,
            "true_risk": ndtr(above),
        }
    )
    return table[np.isfinite(toxicity.tian_h)].reset_index(drop=True)


def _risks(
    toxicity: Toxicity,
    hazard: Hazard,
    cumulative: Floats,
    *,
    ids: list[str],
    landmark_h: float,
    horizon_h: float,
) -> pd.DataFrame:
    integral = _integrate(cumulative, horizon_h) - _integrate(cumulative, landmark_h)
    untreated = integral * np.exp(hazard.untreated_log)
    return pd.DataFrame(
        {
            "episode_id": ids,
            "landmark_h": float(landmark_h),
            "horizon_h": float(horizon_h),
            "at_risk": (toxicity.onset_h > landmark_h) & (toxicity.died_h > landmark_h),
            "true_risk": -np.expm1(-integral),
            "true_risk_untreated": -np.expm1(-untreated),
        }
    )


def _integrate(cumulative: Floats, until_h: float) -> Floats:
    """Integrate to any moment: the hazard is constant within an hour."""
    until = max(until_h, 0.0)
    hour = min(int(until), cumulative.shape[0] - 2)
    integral: Floats = cumulative[hour] + (until - hour) * (cumulative[hour + 1] - cumulative[hour])
    return integral


def _lengthen(table: pd.DataFrame, *, ids: list[str], landmark_h: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "episode_id": np.repeat(np.array(ids, dtype=object), len(LATENTS)),
            "landmark_h": float(landmark_h),
            "latent": np.tile(np.array(LATENTS, dtype=object), len(ids)),
            "share_of_log_hazard": table[list(LATENTS)].to_numpy().ravel(),
        }
    )


def readers(numbers: Parameters) -> pd.DataFrame:
    """List which analytes read which latent.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.

    Returns
    -------
    DataFrame
        ``latent, analyte``.
    """
    pairs = set()
    for panel in numbers.panels.values():
        for analyte, readout in panel.items():
            names = {_LATENT_OF.get(name, name) for name, gain in readout.gains.items() if gain}
            pairs |= {(name, analyte) for name in names if name in _NAMES}
    eeg = ("delta_relative", "theta_relative", "alpha_relative", "beta_relative", "abnormal",
           "delta_theta_alpha_ratio", "bseeg_ratio", "posterior_dominant_rhythm",
           "spectral_edge_95", "background_grade")  # fmt: skip
    pairs |= {(latent, f"eeg.{name}") for latent in EEG_READERS for name in eeg}
    pairs |= {("myeloid_cytokines", "clinical.crs_grade"), ("age", "static.age_years")}
    pairs |= {("prophylaxis", f"static.{name}") for name in ("prophylaxis", "site", "era")}
    pairs |= {("product", f"static.{name}") for name in ("product", "disease")}
    return pd.DataFrame(sorted(pairs), columns=["latent", "analyte"])


_LATENT_OF = {"fever": "myeloid_cytokines", "masked_fever": "myeloid_cytokines"}
_NAMES = frozenset((*PULSES, *LATENTS, "expansion", "tumour_burden"))


def join_truth(parts: Sequence[Truth]) -> Truth:
    """Put the truth of several pieces together."""
    return Truth(
        risks=pd.concat([p.risks for p in parts], ignore_index=True),
        onsets=pd.concat([p.onsets for p in parts], ignore_index=True),
        shares=pd.concat([p.shares for p in parts], ignore_index=True),
        readers=parts[0].readers,
        scans=pd.concat([p.scans for p in parts], ignore_index=True),
        local=pd.concat([p.local for p in parts], ignore_index=True),
    )
