"""A bundle as an MLflow model: whatever reads MLflow models can serve it.

`MLmodel` names this module, so its name belongs to the bundle's format.

References
----------
The format: https://mlflow.org/docs/latest/ml/model/#storage-format
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.common.bundle import load_bundle
from ropewalk.models.common.json_rows import cast_frame
from ropewalk.models.common.loaded_bundle import Bundle
from ropewalk.models.trusted_types import installed_trusted_types


class MlflowModel:
    """A bundle with the method that MLflow calls.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(
        self, data: pd.DataFrame, params: Mapping[str, object] | None = None
    ) -> npt.NDArray[np.generic]:
        """Predict the target of each row.

        Parameters
        ----------
        data : DataFrame of shape (n_rows, n_columns)
            The bundle's input columns. MLflow knows no time zones: its times are taken as UTC.
        params : mapping, optional
            What MLflow passes beside rows; no bundle takes any.

        Returns
        -------
        ndarray of shape (n_rows,)
            Predictions: numbers, or of a classifier its labels.
        """
        return self.bundle.predict(cast_frame(data, self.bundle.input_schema))


def _load_pyfunc(path: str) -> MlflowModel:
    """Load a bundle for MLflow, which calls a function of this name.

    MLflow has no place for a key or for trusted types: the key is the file that the environment
    names by `ROPEWALK_VERIFYING_KEY`, if it does, and the types are those of installed packages.
    """
    key = os.environ.get("ROPEWALK_VERIFYING_KEY")
    return MlflowModel(
        load_bundle(
            path, trusted=installed_trusted_types(), verifying_key=Path(key) if key else None
        )
    )
