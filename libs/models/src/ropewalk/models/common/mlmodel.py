"""`MLmodel`, the file by which MLflow knows a model."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ropewalk.models.common.json_rows import dtypes
from ropewalk.models.common.json_text import read_json, write_json
from ropewalk.models.errors import BundleError

MLMODEL = "MLmodel"
_LOADER = "ropewalk.models.common.mlflow_flavour"
# What a schema's x-dtype, and the kind of a prediction, is in MLflow.
_COLUMNS = {
    "int64": "long",
    "float64": "double",
    "string": "string",
    "bool": "boolean",
    "datetime": "datetime",
}
_KINDS = {"f": "double", "i": "long", "u": "long", "b": "boolean"}


def write_mlmodel(
    input_schema: Mapping[str, object], target: str, predictions: npt.NDArray[np.generic]
) -> bytes:
    """Write the file: in JSON, which is YAML too.

    Parameters
    ----------
    input_schema : mapping
        JSON Schema of one row, with the `x-dtype` of each property.
    target : str
        Name of what is predicted.
    predictions : ndarray of shape (n_rows,)
        A few, for their type.

    Returns
    -------
    bytes
        The flavour `python_function`, without code and without times, and the signature.

    Examples
    --------
    >>> schema = {"properties": {"wind": {"x-dtype": "float64"}}}
    >>> json.loads(write_mlmodel(schema, "delay", np.zeros(1)))["signature"]["inputs"]
    '[{"name": "wind", "type": "double", "required": true}]'
    """
    inputs = [_column(name, _COLUMNS[dtype]) for name, dtype in dtypes(input_schema).items()]
    outputs = [_column(target, _KINDS.get(predictions.dtype.kind, "string"))]
    flavour = {"loader_module": _LOADER, "python_version": platform.python_version()}
    model = {
        "flavors": {"python_function": flavour},
        # MLflow keeps JSON in text there.
        "signature": {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)},
    }
    return write_json(MLMODEL, model)


def check_mlmodel(content: bytes) -> None:
    """Refuse a file by which MLflow would run something else than this library.

    Parameters
    ----------
    content : bytes
        The bytes of `MLmodel`.

    Raises
    ------
    BundleError
        If it has another flavour or another loader, or brings code.

    Examples
    --------
    >>> flavour = {"loader_module": "os", "code": "code", "python_version": "3.11"}
    >>> check_mlmodel(json.dumps({"flavors": {"python_function": flavour}}).encode())
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: MLmodel: has another loader, or code: don't use this bundle
    """
    flavours = read_json(MLMODEL, content).get("flavors")
    flavour = flavours.pop("python_function", None) if isinstance(flavours, dict) else None
    told = dict(flavour) if isinstance(flavour, dict) else {}
    if flavours or told.pop("loader_module", None) != _LOADER or told.keys() - {"python_version"}:
        raise BundleError(f"{MLMODEL}: has another loader, or code: don't use this bundle")


def _column(name: str, kind: str) -> dict[str, object]:
    return {"name": name, "type": kind, "required": True}
