"""Write the page on delivery routes and its figures anew: ``python docs/make_locoregional.py``."""

import sys
from pathlib import Path

if __name__ == "__main__":
    docs = Path(__file__).resolve().parent
    sys.path.insert(0, str(docs.parent / "src"))
    from icans_risk.workflow.locoregional import write_locoregional

    write_locoregional(docs)
