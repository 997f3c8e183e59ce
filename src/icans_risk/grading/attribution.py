"""Whether recorded findings look like ICANS, like TIAN, or like both: a rule, no diagnosis.

Sources: Mahdi J et al., Nat Med 2023;29:803-810, doi:10.1038/s41591-023-02276-w (TIAN is
local, at a tumour site in the nervous system, with focal signs or raised pressure); Lee DW
et al., Biol Blood Marrow Transplant 2019;25:625-638, doi:10.1016/j.bbmt.2018.12.758
(ICANS is a global encephalopathy, often after CRS).
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from icans_risk.grading.vocabulary import read_word

__all__ = [
    "Features",
    "NeurotoxicityAttribution",
    "NeurotoxicityFindings",
    "Route",
    "attribute_neurotoxicity",
]

RULE: Final = (
    "Documented rule, not a diagnosis. TIAN features: a tumour in the nervous system, with focal "
    "signs at its site or raised pressure. ICANS features: global encephalopathy, or raised "
    "pressure without such a tumour. CRS before and the route are context: reported, never "
    "deciding. Sources: doi:10.1038/s41591-023-02276-w, doi:10.1016/j.bbmt.2018.12.758."
)


class Route(StrEnum):
    """How the cells were given."""

    INTRAVENOUS = "intravenous"
    INTRACEREBROVENTRICULAR = "intracerebroventricular"
    INTRATUMORAL = "intratumoral"


class Features(StrEnum):
    """What the recorded findings look like."""

    ICANS = "icans_features"
    TIAN = "tian_features"
    BOTH = "both"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, kw_only=True)
class NeurotoxicityFindings:
    """The findings that tell the two syndromes apart; None stands for "not recorded".

    Attributes
    ----------
    has_cns_tumour : bool, optional
        Tumour in the brain or the spinal cord.
    route : Route, optional
        How the cells were given.
    focal_signs_at_tumour_site : bool, optional
        New or worse deficits that the tumour's site explains.
    raised_pressure : bool, optional
        Raised intracranial pressure, hydrocephalus or herniation.
    global_encephalopathy : bool, optional
        Disturbed attention, language or consciousness without a focus.
    crs_before : bool, optional
        Whether CRS came before or with the neurotoxicity.

    Raises
    ------
    GradingError
        If the route is not in its vocabulary.
    """

    has_cns_tumour: bool | None = None
    route: Route | None = None
    focal_signs_at_tumour_site: bool | None = None
    raised_pressure: bool | None = None
    global_encephalopathy: bool | None = None
    crs_before: bool | None = None

    def __post_init__(self) -> None:
        if self.route is not None:
            object.__setattr__(self, "route", read_word(self.route, Route, name="route"))


@dataclass(frozen=True)
class NeurotoxicityAttribution:
    """What the findings look like, and which of them led there.

    Attributes
    ----------
    features : Features
        ICANS, TIAN, both or undetermined.
    towards_icans, towards_tian : tuple of str
        The deciding findings on each side.
    context : tuple of str
        Findings that fit one side and decide nothing.
    not_recorded : tuple of str
        Findings that were not recorded.
    rule : str
        The rule in words, with its sources.
    """

    features: Features
    towards_icans: tuple[str, ...] = ()
    towards_tian: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    not_recorded: tuple[str, ...] = ()
    rule: str = RULE


def attribute_neurotoxicity(findings: NeurotoxicityFindings) -> NeurotoxicityAttribution:
    """Say which syndrome the recorded findings look like, by a documented rule.

    Focal signs or raised pressure leave the answer undetermined while it is not recorded
    whether there is a tumour in the nervous system. The answer sets no grade and merges none.

    Parameters
    ----------
    findings : NeurotoxicityFindings
        What was recorded.

    Returns
    -------
    NeurotoxicityAttribution
        The answer, the findings that led there, and the rule.

    References
    ----------
    .. [1] Mahdi J, et al. Nat Med 2023;29:803-810. doi:10.1038/s41591-023-02276-w
    .. [2] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> attribute_neurotoxicity(NeurotoxicityFindings(
    ...     has_cns_tumour=True, raised_pressure=True, global_encephalopathy=True)).features.value
    'both'
    """
    towards_icans, towards_tian = _towards_icans(findings), _towards_tian(findings)
    is_open = findings.has_cns_tumour is None and bool(
        findings.focal_signs_at_tumour_site or findings.raised_pressure
    )
    features = Features.UNDETERMINED
    if not is_open and (towards_icans or towards_tian):
        features = _SIDES[bool(towards_icans), bool(towards_tian)]
    return NeurotoxicityAttribution(
        features=features,
        towards_icans=towards_icans,
        towards_tian=towards_tian,
        context=_context(findings),
        not_recorded=tuple(f.name for f in fields(findings) if getattr(findings, f.name) is None),
    )


_SIDES: Final = {
    (True, False): Features.ICANS,
    (False, True): Features.TIAN,
    (True, True): Features.BOTH,
}


def _towards_icans(findings: NeurotoxicityFindings) -> tuple[str, ...]:
    holds = {
        "global_encephalopathy": findings.global_encephalopathy,
        "raised_pressure": findings.raised_pressure and findings.has_cns_tumour is False,
    }
    return tuple(name for name, is_so in holds.items() if is_so)


def _towards_tian(findings: NeurotoxicityFindings) -> tuple[str, ...]:
    if not findings.has_cns_tumour:
        return ()
    local = ("focal_signs_at_tumour_site", "raised_pressure")
    return tuple(name for name in local if getattr(findings, name))


def _context(findings: NeurotoxicityFindings) -> tuple[str, ...]:
    is_local = findings.route in (Route.INTRACEREBROVENTRICULAR, Route.INTRATUMORAL)
    holds = {
        "CRS before: usual in ICANS": findings.crs_before,
        "no CRS before: unusual in ICANS": findings.crs_before is False,
        "locoregional route: ICANS is uncommon": is_local,
    }
    return tuple(text for text, is_so in holds.items() if is_so)
