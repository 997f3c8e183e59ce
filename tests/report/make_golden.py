"""Write golden/* anew: ``python tests/report/make_golden.py`` from the repository root.

Run it after a wanted change of the report, and read the difference before committing it.
"""

import json
import sys
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "patient.json"
GOLDEN_QUALITY = GOLDEN.with_name("quality.json")
GOLDEN_STUDY = GOLDEN.with_name("study.json")
GOLDEN_CARD = GOLDEN.with_name("model_card.json")
GOLDEN_CARD_TEXT = GOLDEN.with_name("model_card.md")


def golden_text() -> str:
    """Return the dicts of an answered and an abstained patient, as the file holds them."""
    from icans_risk.report import patient_report
    from report.examples import RUN, answered, silent

    reports = {
        "answered": patient_report(RUN, answered()),
        "no_estimate": patient_report(RUN, silent()),
    }
    return _as_text(reports)


def golden_quality() -> str:
    """Return the dict of a page of data quality, as the file holds it."""
    from icans_risk.report import quality_report
    from report.examples import COHORT
    from report.quality_example import QUALITY

    header = {"study_title": "A study", "data_kind": "real", "package_version": "0.1.0"}
    return _as_text(quality_report(QUALITY, COHORT, **header))


def golden_study() -> str:
    """Return the dict of a study report with every panel, as the file holds it."""
    from report.study_example import report

    return _as_text(report())


def golden_card() -> tuple[str, str]:
    """Return the model card of an example as dict and as Markdown, as the files hold it."""
    from icans_risk.report import make_model_card, model_card_markdown
    from report.facts_example import FACTS

    card = make_model_card(FACTS)
    return _as_text(card), model_card_markdown(card)


def _as_text(report: object) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(root / "tests"), str(root / "src")]
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(golden_text(), encoding="utf-8")
    GOLDEN_QUALITY.write_text(golden_quality(), encoding="utf-8")
    GOLDEN_STUDY.write_text(golden_study(), encoding="utf-8")
    for path, text in zip((GOLDEN_CARD, GOLDEN_CARD_TEXT), golden_card(), strict=True):
        path.write_text(text, encoding="utf-8")
