"""How much an audit costs and where it draws its lines."""

from dataclasses import dataclass

from icans_risk.errors import IcansRiskError

__all__ = ["AuditPlan"]


@dataclass(frozen=True)
class AuditPlan:
    """How often to refit, and what counts as suspicious.

    Attributes
    ----------
    permutations : int
        Fits of the whole cross-validation on permuted outcomes; 0 leaves that check out.
    repeats : int
        Repeats of the handed-over splits that are used, for everything.
    false_alarm : float
        Chance of a warning that each check aims at where nothing is wrong, however many
        columns it looks at.
    near_model : float
        Within so much AUROC of the model, knowing who was tested is as good as the model.
    suspicious_auroc, surely_auroc : float
        A single column is suspicious if its AUROC exceeds the first and surely the second:
        published markers of severe neurotoxicity lie at 0.6 to 0.85.
    share_lost : float
        Share of the performance beyond chance whose loss with one modality is suspicious,
        where tests of that modality are done, or drugs given, for cause.
    shift_factor : float
        Values of one group that are so many times those of the others may be in another unit.

    Raises
    ------
    IcansRiskError
        If a number makes no sense.
    """

    permutations: int = 200
    repeats: int = 1
    false_alarm: float = 0.005
    near_model: float = 0.05
    suspicious_auroc: float = 0.9
    surely_auroc: float = 0.7
    share_lost: float = 1 / 3
    shift_factor: float = 4.0

    def __post_init__(self) -> None:
        counts_wrong = self.permutations < 0 or self.repeats < 1 or self.near_model < 0
        shares = (self.false_alarm, self.suspicious_auroc, self.surely_auroc, self.share_lost)
        if counts_wrong or not all(0 < s < 1 for s in shares) or self.shift_factor <= 1:
            raise IcansRiskError(
                "An audit needs permutations >= 0, repeats >= 1, near_model >= 0, false_alarm, the "
                "two bounds of a column's AUROC and share_lost between 0 and 1, and a shift_factor "
                f"above 1, got {self}. The defaults are a place to start."
            )

    @property
    def level(self) -> float:
        """The two-sided interval that lies above chance by mistake with ``false_alarm``."""
        return 1 - 2 * self.false_alarm

    def level_of(self, tests: int) -> float:
        """Return the level of each of several intervals, either end of which may alarm."""
        return 1 - self.false_alarm / max(1, tests)
