"""Write golden/patient.json anew: ``python tests/report/make_golden.py`` from the repository root.

Run it after a wanted change of the report, and read the difference before committing it.
"""

import json
import sys
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "patient.json"


def golden_text() -> str:
    """Return the dicts of an answered and an abstained patient, as the file holds them."""
    from icans_risk.report import patient_report
    from report.examples import RUN, answered, silent

    reports = {
        "answered": patient_report(RUN, answered()),
        "no_estimate": patient_report(RUN, silent()),
    }
    return json.dumps(reports, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(root / "tests"), str(root / "src")]
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(golden_text(), encoding="utf-8")
