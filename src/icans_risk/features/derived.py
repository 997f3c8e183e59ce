"""The derived measurements: what each is made of, by which formula, on whose word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.features.pairing import Pairing

__all__ = ["DERIVED", "Derived", "nfl_upper_limit"]

Floats = NDArray[np.float64]
Status = Literal["read", "assumed"]

# Upper limits of NfL in plasma, pg/mL, in the middle of each printed band of age: Mayo
# Clinic Laboratories' test catalogue, read (definitions-and-epidemiology.md, section 5;
# evidence/kinetics.yaml). The bands between them were not read; the curve through them,
# straight in the logarithm, is assumed.
_NFL_AGES = (22.0, 32.0, 42.0, 52.0, 57.0, 62.0, 67.0, 72.0, 77.0, 82.0, 87.0)
_NFL_LIMITS = (10.4, 13.5, 17.3, 22.4, 25.4, 28.8, 32.7, 37.1, 42.1, 47.8, 54.3)
# Limits for children were read only as a range (8.8-12.8), without their ages.
_YOUNGEST_ADULT = 20.0


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A measurement that is computed from others of the same episode.

    Attributes
    ----------
    inputs : tuple of str
        Full names, in the order of ``compute``'s arguments; the first one leads.
    units : tuple of str
        The catalogue's units that the formula expects of them.
    formula : str
        In words.
    compute : callable
        Arrays of the inputs, then of ``episode_columns``, to the value; not finite where
        there is none.
    directions : tuple of {1, -1}
        Whether the value rises or falls with each input.
    pairing : Pairing
        Which results of the inputs belong together.
    source : str
        Where formula or role were published.
    status, pairing_status : {"read", "assumed"}
        Whether the formula, and the hours of the pairing, were read in a source.
    episode_columns : tuple of str
        Columns of the episodes that the formula needs.
    """

    inputs: tuple[str, ...]
    units: tuple[str, ...]
    formula: str
    compute: Callable[..., Floats]
    directions: tuple[Literal[1, -1], ...]
    pairing: Pairing
    source: str
    status: Status
    pairing_status: Status = "assumed"
    episode_columns: tuple[str, ...] = ()


def nfl_upper_limit(age_years: ArrayLike) -> Floats:
    """Return the upper limit of normal of neurofilament light in plasma at an age, in pg/mL.

    Parameters
    ----------
    age_years : array-like of shape (n,)
        Age, in years.

    Returns
    -------
    ndarray of shape (n,)
        Between the printed limits straight in the logarithm, beyond the last ones
        unchanged; NaN below 20 years, where none was read.

    References
    ----------
    .. [1] Mayo Clinic Laboratories, test catalogue, neurofilament light chain in plasma.

    Examples
    --------
    >>> nfl_upper_limit([22.0, 62.0, 95.0, 12.0])
    array([10.4, 28.8, 54.3,  nan])
    """
    age = np.asarray(age_years, dtype=np.float64)
    limit = np.exp(np.interp(age, _NFL_AGES, np.log(_NFL_LIMITS)))
    return np.where(age >= _YOUNGEST_ADULT, limit, np.nan)


def _ratio(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return ratio


def _slow_over_alpha(delta: Floats, theta: Floats, alpha: Floats) -> Floats:
    return _ratio(delta + theta, alpha)


def _nfl_for_age(nfl: Floats, age_years: Floats) -> Floats:
    return nfl / nfl_upper_limit(age_years)


# Nothing that was read says how far apart the two may be; a day is assumed for CSF and
# blood, an hour for one draw of blood, and one recording has one time.
_ONE_DAY = 24.0
_ONE_DRAW = 1.0


def _over_plasma(name: str, source: str, status: Status) -> Derived:
    return Derived(
        inputs=(f"csf.{name}", f"plasma.{name}"),
        units=("pg/mL", "pg/mL"),
        formula="concentration in CSF / concentration in plasma",
        compute=_ratio,
        directions=(1, -1),
        pairing=Pairing(_ONE_DAY, same_assay=True),
        source=source,
        status=status,
    )


# That CSF levels were disproportionately high in severe neurotoxicity was read; that the
# quotient with plasma is the way to put it is our reading of it.
_SANTOMASSO = "doi:10.1158/2159-8290.CD-17-1319"

DERIVED: Mapping[str, Derived] = MappingProxyType(
    {
        "plasma.ang2_ang1_ratio": Derived(
            inputs=("plasma.ang2", "plasma.ang1"),
            units=("ng/mL", "ng/mL"),
            formula="angiopoietin-2 / angiopoietin-1",
            compute=_ratio,
            directions=(1, -1),
            pairing=Pairing(_ONE_DRAW, same_assay=True),
            source="doi:10.1158/2159-8290.CD-17-0698",
            status="read",
        ),
        # mg/dL over g/dL is a thousandth, the unit of the catalogue, without a factor.
        "csf.albumin_quotient": Derived(
            inputs=("csf.albumin", "plasma.albumin"),
            units=("mg/dL", "g/dL"),
            formula="albumin in CSF / albumin in plasma, times 1000",
            compute=_ratio,
            directions=(1, -1),
            pairing=Pairing(_ONE_DAY, same_assay=False),
            source=_SANTOMASSO,
            status="read",
        ),
        "csf.il6_plasma_ratio": _over_plasma("il6", _SANTOMASSO, "assumed"),
        "csf.il8_plasma_ratio": _over_plasma("il8", _SANTOMASSO, "assumed"),
        "csf.mcp1_plasma_ratio": _over_plasma("mcp1", _SANTOMASSO, "assumed"),
        "csf.nfl_plasma_ratio": _over_plasma("nfl", "none was read", "assumed"),
        "eeg.delta_theta_alpha_ratio": Derived(
            inputs=("eeg.delta_relative", "eeg.theta_relative", "eeg.alpha_relative"),
            units=("1", "1", "1"),
            formula="(relative delta + relative theta) / relative alpha power",
            compute=_slow_over_alpha,
            directions=(1, 1, -1),
            pairing=Pairing(0.0, same_assay=True),
            source="doi:10.1007/s00415-025-13102-3",
            status="read",
        ),
        "plasma.nfl_for_age": Derived(
            inputs=("plasma.nfl",),
            units=("pg/mL",),
            formula="neurofilament light / its upper limit of normal at the patient's age",
            compute=_nfl_for_age,
            directions=(1,),
            pairing=Pairing(0.0, same_assay=True),
            source="Mayo Clinic Laboratories, test catalogue",
            status="assumed",
            episode_columns=("age_years",),
        ),
    }
)
