"""A released model as MLflow loads it: this file is its code, and there is no pickle.

MLflow stores a copy of this file beside the model's folder of JSON and runs it to load the model.
Everything that decides about an answer is ``icans_risk.serving``.
"""

import json
import logging
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import BAD_REQUEST, INTERNAL_ERROR

from icans_risk.errors import CohortError
from icans_risk.serving import DataKind, load_served
from icans_risk.serving.wire import score_rows

# Name of the artifact that is the model's folder.
FOLDER = "released"


class Refused(mlflow.MlflowException):  # type: ignore[misc]
    """No answer for anybody, with one sentence that MLflow's server cannot add to.

    To the message of any other error it adds the rows, or a stack trace with the machine's paths.
    """

    def serialize_as_json(self) -> str:
        """Return the body of the answer, from the sentence as it was raised."""
        return json.dumps({"error_code": self.error_code, "message": str(self)})


class ScoringModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Answers for patients that come as JSON text, one row each."""

    def load_context(self, context: Any) -> None:
        """Read the model, its hashes first."""
        self._served = load_served(Path(context.artifacts[FOLDER]))
        # It warns of columns and parameters that it drops by naming them, and a name that somebody
        # else chose may be a patient's.
        logging.getLogger("mlflow.models.utils").setLevel(logging.ERROR)

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

        Raises
        ------
        Refused
            If columns are absent or there are too many rows (400); whatever else goes wrong
            (500), with the cause chained for who reads it in process.
        """
        del context
        kind: DataKind = "synthetic" if (params or {}).get("data_kind") == "synthetic" else "real"
        try:
            return score_rows(model_input, [self._served], data_kind=kind)
        except CohortError as error:
            raise Refused(str(error), BAD_REQUEST) from None
        except Exception as error:
            raise Refused("The model could not answer.", INTERNAL_ERROR) from error


mlflow.models.set_model(ScoringModel())
