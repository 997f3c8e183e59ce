"""Log a released model so that MLflow can serve it."""

import warnings
from pathlib import Path
from typing import Any

import icans_risk
from icans_risk.serving import load_served
from icans_risk.serving.wire import WIRE_COLUMNS, example_row

__all__ = ["log_scoring_model"]

_CODE = Path(__file__).with_name("pyfunc_model.py")
_FOLDER = "released"


def log_scoring_model(mlflow: Any, folder: Path) -> None:
    """Log a released model to the active run, as code and JSON.

    Parameters
    ----------
    mlflow : module
        MLflow.
    folder : Path
        Of the released model.
    """
    example = example_row(load_served(folder))
    types = mlflow.types
    # Of any type and none required: MLflow would repeat what it refuses, the model does not.
    columns = [types.ColSpec(types.schema.AnyType(), name, False) for name in WIRE_COLUMNS]
    kind = types.ParamSpec("data_kind", types.DataType.string, "real")
    with warnings.catch_warnings():
        # MLflow's own comparison of columns, against a newer pandas.
        warnings.filterwarnings("ignore", "Operation with range is deprecated")
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_CODE),
            artifacts={_FOLDER: str(folder)},
            signature=mlflow.models.ModelSignature(
                inputs=types.Schema(columns), params=types.ParamSchema([kind])
            ),
            # Made up: MLflow stores it as it is.
            input_example=example,
            pip_requirements=[f"icans_risk=={icans_risk.__version__}"],
        )
