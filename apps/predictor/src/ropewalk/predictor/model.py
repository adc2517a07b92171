"""The model of a bundle: load it, ask it, say which it is."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk import features, models
from ropewalk.models import Bundle, load_bundle
from ropewalk.predictor.errors import NoBundleError, PredictorError


def load_model(folder: Path, verifying_key: Path | None = None) -> Bundle:
    """Load the bundle that the trainer made.

    Parameters
    ----------
    folder : Path
        The bundle.
    verifying_key : Path, optional
        Public key, PEM: a bundle that it does not verify is refused.

    Returns
    -------
    Bundle
        The verified model.

    Raises
    ------
    NoBundleError
        If nothing is there.
    BundleError
        If what is there is damaged, or is no bundle.

    Examples
    --------
    >>> load_model(Path("no/such/folder"))
    Traceback (most recent call last):
    ropewalk.predictor.errors.NoBundleError: no/such/folder: no bundle there; make one: ...
    """
    if not folder.exists():
        raise NoBundleError(
            f"{folder}: no bundle there; make one: ./pants run apps/trainer, "
            "or say where one is: --bundle DIR"
        )
    trusted = (*features.TRUSTED_TYPES, *models.TRUSTED_TYPES)
    return load_bundle(folder, trusted=trusted, verifying_key=verifying_key)


def ask(bundle: Bundle, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Predict each row, or say which row can't be predicted.

    Parameters
    ----------
    bundle : Bundle
        The model.
    rows : DataFrame of shape (n_rows, n_columns)
        The model's input columns.

    Returns
    -------
    ndarray of float64 of shape (n_rows,)
        A finite number for each row.

    Raises
    ------
    PredictorError
        If the model can't use a value, or has no finite answer.
    """
    try:
        predictions = np.asarray(bundle.predict(rows), dtype=np.float64)
    except ValueError as error:
        # scikit-learn's word for a value that it can't use, such as one beyond 32-bit floats.
        told = " ".join(str(error).split())
        raise PredictorError(f"the model can't use these rows: {told}") from error
    endless = ~np.isfinite(predictions)
    if endless.any():
        raise PredictorError(
            f"row {rows.index[int(np.argmax(endless))]}: the model has no finite answer; "
            "correct its values, of which one is far from all that the model has seen"
        )
    return predictions


def identify(bundle: Bundle) -> dict[str, object]:
    """Say which model it is, as JSON values.

    Parameters
    ----------
    bundle : Bundle
        The model.

    Returns
    -------
    dict
        The model's name where the trainer left one, what it predicts and in which unit, and the
        SHA-256 of the bundle's manifest, which tells one model from any other: it holds the hash
        of every file.
    """
    properties = bundle.output_schema["properties"]
    assert isinstance(properties, Mapping)
    return {
        "name": bundle.metrics.get("winner"),
        "target": bundle.target,
        "unit": properties[bundle.target].get("x-unit"),
        "digest": bundle.manifest.digest,
    }
