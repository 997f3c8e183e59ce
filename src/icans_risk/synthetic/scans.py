"""What a scan of a synthetic patient's brain shows, from the latents at its time.

Hyperintense white matter follows age, the vulnerability of the brain and neuro-inflammation, and
is larger where the radiologist's result says abnormal; oedema follows the leak of the barrier from
grade 3 on and pushes the ventricles aside. All numbers are assumed: no figure of these scans is
evidence about patients.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.synthetic.assays import Patients, Reader
from icans_risk.synthetic.neurology import image
from icans_risk.synthetic.slots import Slots

__all__ = ["tell_scans"]

Floats = NDArray[np.float64]

_LESION_ML, _ABNORMAL_TIMES, _LESION_ML_RANGE = 1.5, 6.0, (0.3, 60.0)
_BY_VULNERABILITY, _BY_AGE_DECADE, _BY_INFLAMMATION, _LESION_SD = 0.45, 0.3, 0.35, 0.25
_OEDEMA_ML, _OEDEMA_ML_RANGE, _FROM_GRADE = 12.0, (2.0, 80.0), 3
_BRAIN_ML, _BRAIN_SD_ML, _MEN_ML, _LOSS_ML_PER_DECADE = 1300.0, 60.0, 120.0, 35.0
_BRAIN_ML_RANGE = (900.0, 1700.0)
_VENTRICLE_ML, _GROWTH_PER_DECADE, _VENTRICLE_SD = 24.0, 0.2, 0.25
_VENTRICLE_ML_RANGE = (8.0, 90.0)
_SHIFT_MM_PER_ML = 0.12
_CONTRAST, _CONTRAST_BY_INFLAMMATION = 0.6, 0.15


def tell_scans(patients: Patients, slots: Slots, ids: list[str]) -> pd.DataFrame:
    """Tell what each magnetic resonance image shows.

    Parameters
    ----------
    patients : Patients
        All that is true of the episodes.
    slots : Slots
        When they are scanned.
    ids : list of str
        Identifiers of the episodes.

    Returns
    -------
    DataFrame
        ``episode_id, collected_h, lesion_ml, oedema_ml, ventricle_ml, brain_ml, shift_mm,
        contrast`` (how much brighter a lesion is than the brain) and ``side`` (-1 left, 1
        right).
    """
    reader, rows = Reader(patients, slots), slots.rows
    draws = patients.people.draws.take(rows)
    spread = 1.0 if patients.noise else 0.0
    decades, inflamed = reader.read("age"), reader.read("neuro_inflammation")
    abnormal = image(reader, panel="mri")[0].value
    lesion = _LESION_ML * np.exp(
        _BY_VULNERABILITY * reader.read("neuro_vulnerability")
        + _BY_AGE_DECADE * decades
        + _BY_INFLAMMATION * inflamed
        + np.log(_ABNORMAL_TIMES) * abnormal
        + spread * _LESION_SD * draws.normal("white matter")
    )
    is_swollen = reader.read("icans") >= _FROM_GRADE
    oedema = np.clip(_OEDEMA_ML * reader.read("barrier_leak"), *_OEDEMA_ML_RANGE) * is_swollen
    brain = (
        _BRAIN_ML
        + _MEN_ML * ~patients.people.is_female[rows]
        - _LOSS_ML_PER_DECADE * decades
        + spread * _BRAIN_SD_ML * draws.normal("brain size")
    )
    ventricles = _VENTRICLE_ML * np.exp(
        _GROWTH_PER_DECADE * decades + spread * _VENTRICLE_SD * draws.normal("ventricle size")
    )
    return pd.DataFrame(
        {
            "episode_id": [ids[row] for row in rows.tolist()],
            "collected_h": slots.hours,
            "lesion_ml": np.clip(lesion, *_LESION_ML_RANGE),
            "oedema_ml": oedema,
            "ventricle_ml": np.clip(ventricles, *_VENTRICLE_ML_RANGE),
            "brain_ml": np.clip(brain, *_BRAIN_ML_RANGE),
            "shift_mm": _SHIFT_MM_PER_ML * oedema,
            "contrast": _CONTRAST + _CONTRAST_BY_INFLAMMATION * inflamed,
            "side": np.where(draws.uniform("side of the lesion") < 0.5, -1.0, 1.0),
        }
    )
