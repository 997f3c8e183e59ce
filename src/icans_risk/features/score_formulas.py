"""The formulas of the published scores, in the units in which they were published."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CAR_HEMATOTOX",
    "GUST_IL6",
    "GUST_MCP1",
    "GUST_TEMPERATURE",
    "HematotoxCutOffs",
    "car_hematotox",
    "easix",
    "gust_rule",
    "log2_easix",
    "modified_easix",
    "simplified_easix",
]

Floats = NDArray[np.float64]

# Read (evidence of the project, predictors-and-models.md, section 3; Gust 2017 by way of a
# news page). Within 36 h of the infusion, all three together.
GUST_TEMPERATURE = 38.9
GUST_IL6 = 16.0
GUST_MCP1 = 1343.5


@dataclass(frozen=True)
class HematotoxCutOffs:
    """Where the points of CAR-HEMATOTOX begin.

    The defaults are assumed: they come from a public calculator and its worked cases
    (scores.json), not from the paper, which prints "above" and "below" and so leaves a
    value on a cut-off open.

    Attributes
    ----------
    platelets : tuple of float
        In 10^9/L: below the first two points, up to the second one.
    neutrophils, haemoglobin : float
        In 10^9/L and g/dL: below it one point.
    crp : float
        In mg/dL: from it on one point.
    ferritin : tuple of float
        In ng/mL: from the first on one point, above the second two.
    """

    platelets: tuple[float, float] = (75.0, 175.0)
    neutrophils: float = 1.2
    haemoglobin: float = 9.0
    crp: float = 3.0
    ferritin: tuple[float, float] = (650.0, 2000.0)


CAR_HEMATOTOX = HematotoxCutOffs()


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


def log2_easix(ldh: ArrayLike, creatinine: ArrayLike, platelets: ArrayLike) -> Floats:
    """Compute the base-2 logarithm of EASIX, on which one unit is a doubling.

    Parameters
    ----------
    ldh, creatinine, platelets : array-like of shape (n,)
        As for ``easix``.

    Returns
    -------
    ndarray of shape (n,)
        NaN where EASIX is missing or zero.

    References
    ----------
    .. [1] Korell F, et al. Front Immunol 2022;13:877477 (odds ratio per doubling).
       doi:10.3389/fimmu.2022.877477

    Examples
    --------
    >>> log2_easix([250.0, 0.0], [1.0, 1.0], [200.0, 200.0]).round(6)
    array([0.321928,      nan])
    """
    score = easix(ldh, creatinine, platelets)
    # Zero LDH is a mistake in the data; minus infinity would only hide it in a column.
    result: Floats = np.log2(score, out=np.full(score.shape, np.nan), where=score > 0)
    return result


def simplified_easix(ldh: ArrayLike, platelets: ArrayLike) -> Floats:
    """Compute s-EASIX, EASIX without creatinine; units and missing values as there.

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


def car_hematotox(
    *,
    platelets: ArrayLike,
    neutrophils: ArrayLike,
    haemoglobin: ArrayLike,
    crp: ArrayLike,
    ferritin: ArrayLike,
    cut_offs: HematotoxCutOffs = CAR_HEMATOTOX,
) -> Floats:
    """Compute CAR-HEMATOTOX, points for little marrow reserve and for inflammation.

    Made for cytopenia; in myeloma, two points or more also went with severe ICANS. It is
    defined on values from before lymphodepletion.

    Parameters
    ----------
    platelets, neutrophils : array-like of shape (n,)
        Counts, in 10^9 cells/L (the paper writes neutrophils per uL).
    haemoglobin : array-like of shape (n,)
        In g/dL.
    crp : array-like of shape (n,)
        C-reactive protein, in mg/dL. Many laboratories report mg/L.
    ferritin : array-like of shape (n,)
        In ng/mL.
    cut_offs : HematotoxCutOffs, optional
        Where the points begin; the defaults are assumed, see there.

    Returns
    -------
    ndarray of shape (n,)
        Points from 0 to 7; two or more are called high. NaN where an input is missing.

    References
    ----------
    .. [1] Rejeski K, et al. "CAR-HEMATOTOX: a model for CAR T-cell-related hematologic
       toxicity in relapsed/refractory large B-cell lymphoma." Blood 2021;138:2499-2513.
       doi:10.1182/blood.2020010543
    .. [2] Rejeski K, et al. (ICANS in myeloma.) J Hematol Oncol 2023.
       doi:10.1186/s13045-023-01465-x

    Examples
    --------
    >>> car_hematotox(
    ...     platelets=[220, 40], neutrophils=[3.4, 0.4], haemoglobin=[12.4, 7.8],
    ...     crp=[0.8, 9.5], ferritin=[180, 3200],
    ... )
    array([0., 7.])
    """
    count, granulocytes, pigment, protein, iron = map(
        _as_stored, (platelets, neutrophils, haemoglobin, crp, ferritin)
    )
    points = np.add.reduce(
        [
            (count <= cut_offs.platelets[1]) + 1.0 * (count < cut_offs.platelets[0]),
            1.0 * (granulocytes < cut_offs.neutrophils),
            1.0 * (pigment < cut_offs.haemoglobin),
            1.0 * (protein >= cut_offs.crp),
            (iron >= cut_offs.ferritin[0]) + 1.0 * (iron > cut_offs.ferritin[1]),
        ]
    )
    return _unless_missing(points, count, granulocytes, pigment, protein, iron)


def gust_rule(temperature: ArrayLike, il6: ArrayLike, mcp1: ArrayLike) -> Floats:
    """Apply the early rule of Gust 2017: fever, IL-6 and MCP-1, all three within 36 h.

    A tree that was found and measured on the same 133 patients; it names those at risk of
    neurotoxicity of grade 4 to 5, and few had it.

    Parameters
    ----------
    temperature : array-like of shape (n,)
        Highest body temperature within 36 h of the infusion, in Cel; met from 38.9.
    il6 : array-like of shape (n,)
        Highest interleukin-6 within 36 h, in pg/mL; met from 16.
    mcp1 : array-like of shape (n,)
        Highest MCP-1 within 36 h, in pg/mL; met from 1343.5.

    Returns
    -------
    ndarray of shape (n,)
        1 where all three are met, 0 where one is not, NaN where one is missing.

    References
    ----------
    .. [1] Gust J, et al. "Endothelial activation and blood-brain barrier disruption in
       neurotoxicity after adoptive immunotherapy with CD19 CAR-T cells." Cancer Discov
       2017;7:1404-1419. doi:10.1158/2159-8290.CD-17-0698

    Examples
    --------
    >>> gust_rule([38.9, 38.8, 39.5], [16, 500, 500], [1343.5, 5000, np.nan])
    array([ 1.,  0., nan])
    """
    heat, interleukin, chemokine = map(_as_stored, (temperature, il6, mcp1))
    is_met = (heat >= GUST_TEMPERATURE) & (interleukin >= GUST_IL6) & (chemokine >= GUST_MCP1)
    return _unless_missing(is_met, heat, interleukin, chemokine)


def _as_stored(values: ArrayLike) -> NDArray[np.float32]:
    # 312.05 K becomes 38.900000000000034 Cel: with the seven digits of float32, a value on
    # a cut-off is on it, whichever unit it came from.
    return np.asarray(values, dtype=np.float32)


def _unless_missing(score: NDArray[np.generic], *inputs: NDArray[np.float32]) -> Floats:
    is_missing = np.logical_or.reduce([np.isnan(values) for values in inputs])
    return np.where(is_missing, np.nan, score.astype(np.float64))


def _per_platelets(product: Floats, platelets: ArrayLike) -> Floats:
    count = np.asarray(platelets, dtype=np.float64)
    score: Floats = np.divide(product, count, out=np.full(product.shape, np.nan), where=count > 0)
    return score
