"""Write the generated documents anew: ``python docs/make_documents.py``.

Run it after a change of the catalogue, the reasons, the statistics, the scores, the study file's
blocks, or a command's help.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    docs = Path(__file__).resolve().parent
    sys.path.insert(0, str(docs.parent / "src"))
    from icans_risk.cli.reference import write_commands_page
    from icans_risk.workflow.documents import write_documents

    write_documents(docs)
    write_commands_page(docs)
