"""Published scores of endothelial stress, from the last value of each input in a window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["SCORES", "Score", "easix", "modified_easix", "simplified_easix"]

Floats = NDArray[np.float64]
MG_L_PER_MG_DL = 10.0


@dataclass(frozen=True)
class Score:
    """A published score.

    Attributes
    ----------
    label : str
        What clinicians call it.
    inputs : tuple of str
        Full names of its analytes, in the order of ``compute``'s arguments and in the
        catalogue's units.
    compute : callable
        Arrays of the inputs to the score; NaN where an input is missing.
    source : str
        Where it was published.
    """

    label: str
    inputs: tuple[str, ...]
    compute: Callable[..., Floats]
    source: str


def easix(ldh: ArrayLike, creatinine: ArrayLike, platelets: ArrayLike) -> Floats:
    """Compute EASIX, the endothelial activation and stress index: LDH x creatinine / platelets.

    Parameters
    ----------
    ldh : array-like of shape (n,)
        Lactate dehydrogenase, in U/L.
    creatinine : array-like of shape (n,)
        Creatinine, in mg/dL.
    platelets : array-like of shape (n,)
        Platelet count, in 10^9 cells/L.

    Returns
    -------
    ndarray of shape (n,)
        EASIX; NaN where an input is missing or the platelet count is zero.

    References
    ----------
    .. [1] Korell F, et al. "EASIX and severe endothelial complications after CD19-directed
       CAR-T cell therapy." Front Immunol 2022;13:877477. doi:10.3389/fimmu.2022.877477

    Examples
    --------
    >>> easix([250.0, 900.0], [0.8, np.nan], [200.0, 30.0])
    array([ 1., nan])
    """
    return _per_platelets(np.asarray(ldh, float) * np.asarray(creatinine, float), platelets)


def simplified_easix(ldh: ArrayLike, platelets: ArrayLike) -> Floats:
    """Compute s-EASIX, EASIX without creatinine; units and errors as there.

    References
    ----------
    .. [1] Pennisi M, et al. Blood Adv 2021;5:3397-3406. doi:10.1182/bloodadvances.2020003885
    """
    return _per_platelets(np.asarray(ldh, float), platelets)


def modified_easix(ldh: ArrayLike, crp: ArrayLike, platelets: ArrayLike) -> Floats:
    """Compute m-EASIX, EASIX with creatinine replaced by C-reactive protein.

    Parameters
    ----------
    ldh : array-like of shape (n,)
        Lactate dehydrogenase, in U/L.
    crp : array-like of shape (n,)
        C-reactive protein, in mg/dL. Many laboratories report mg/L.
    platelets : array-like of shape (n,)
        Platelet count, in 10^9 cells/L.

    Returns
    -------
    ndarray of shape (n,)
        m-EASIX; NaN where an input is missing or the platelet count is zero.

    References
    ----------
    .. [1] Pennisi M, et al. "Modified EASIX predicts severe cytokine release syndrome and
       neurotoxicity after chimeric antigen receptor T cells." Blood Adv 2021;5:3397-3406.
       doi:10.1182/bloodadvances.2020003885

    Examples
    --------
    A mild and a severe profile, and a patient whose CRP was not drawn:

    >>> modified_easix([250, 900, 300], [2, 20, np.nan], [200, 30, 150])
    array([  2.5, 600. ,   nan])
    """
    return _per_platelets(np.asarray(ldh, float) * np.asarray(crp, float), platelets)


def _per_platelets(product: Floats, platelets: ArrayLike) -> Floats:
    count = np.asarray(platelets, dtype=np.float64)
    score: Floats = np.divide(product, count, out=np.full(product.shape, np.nan), where=count > 0)
    return score


def _modified_easix_in_catalogue_units(ldh: Floats, crp: Floats, platelets: Floats) -> Floats:
    # The catalogue keeps CRP in mg/L; the score was published with mg/dL.
    return modified_easix(ldh, crp / MG_L_PER_MG_DL, platelets)


SCORES: Mapping[str, Score] = MappingProxyType(
    {
        "easix": Score(
            "EASIX",
            ("plasma.ldh", "plasma.creatinine", "plasma.platelets"),
            easix,
            "doi:10.3389/fimmu.2022.877477",
        ),
        "s_easix": Score(
            "s-EASIX",
            ("plasma.ldh", "plasma.platelets"),
            simplified_easix,
            "doi:10.1182/bloodadvances.2020003885",
        ),
        "m_easix": Score(
            "m-EASIX",
            ("plasma.ldh", "plasma.crp", "plasma.platelets"),
            _modified_easix_in_catalogue_units,
            "doi:10.1182/bloodadvances.2020003885",
        ),
    }
)
