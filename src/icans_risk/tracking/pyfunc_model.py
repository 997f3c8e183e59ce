"""A released model as MLflow loads it: this file is its code, and there is no pickle.

MLflow stores a copy of this file beside the model's folder of JSON and runs it to load the model.
Everything that decides about an answer is ``icans_risk.serving``.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from icans_risk.serving import DataKind, load_served
from icans_risk.serving.wire import score_rows

# Name of the artifact that is the model's folder.
FOLDER = "released"


class ScoringModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Answers for patients that come as JSON text, one row each."""

    def load_context(self, context: Any) -> None:
        """Read the model, its hashes first."""
        self._served = load_served(Path(context.artifacts[FOLDER]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return one record for each row; a patient who cannot be read stops nobody else.

        Parameters
        ----------
        context : PythonModelContext
            Not needed again.
        model_input : DataFrame
            ``episode``, ``events``, ``grades``: JSON text.
        params : dict, optional
            ``data_kind``, ``real`` unless it says ``synthetic``.

        Returns
        -------
        list of dict
            As in the files that ``icans-risk score`` writes.
        """
        del context
        kind: DataKind = "synthetic" if (params or {}).get("data_kind") == "synthetic" else "real"
        return score_rows(model_input, [self._served], data_kind=kind)


mlflow.models.set_model(ScoringModel())
