"""Log a released model so that MLflow can serve it."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import icans_risk
from icans_risk.serving import load_served
from icans_risk.serving.wire import WIRE_COLUMNS, example_row

__all__ = ["log_scoring_model"]

_CODE = Path(__file__).with_name("pyfunc_model.py")
_FOLDER = "released"


def log_scoring_model(
    mlflow: Any,
    folder: Path,
    *,
    name: str,
    parameters: Mapping[str, object],
    tags: Mapping[str, object],
) -> str:
    """Log a released model to the active run, as code and JSON.

    Parameters
    ----------
    mlflow : module
        MLflow.
    folder : Path
        Of the released model.
    name : str
        What lists of models call it; without a dot.
    parameters, tags : mapping of str to object
        As of the run.

    Returns
    -------
    str
        Identifier of the logged model.
    """
    example = example_row(load_served(folder))
    types = mlflow.types
    # Of any type and none required: MLflow would repeat what it refuses, the model does not.
    columns = [types.ColSpec(types.schema.AnyType(), name, False) for name in WIRE_COLUMNS]
    kind = types.ParamSpec("data_kind", types.DataType.string, "real")
    with warnings.catch_warnings():
        # MLflow's own comparison of columns, against a newer pandas.
        warnings.filterwarnings("ignore", "Operation with range is deprecated")
        logged = mlflow.pyfunc.log_model(
            name=name,
            params={key: str(value) for key, value in parameters.items()},
            tags={key: str(value) for key, value in tags.items()},
            python_model=str(_CODE),
            artifacts={_FOLDER: str(folder)},
            signature=mlflow.models.ModelSignature(
                inputs=types.Schema(columns), params=types.ParamSchema([kind])
            ),
            # Made up: MLflow stores it as it is.
            input_example=example,
            pip_requirements=[f"icans_risk=={icans_risk.__version__}"],
        )
    return str(logged.model_id)
