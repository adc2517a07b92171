from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml

from ropewalk.models.common.mlmodel import check_mlmodel, write_mlmodel
from ropewalk.models.errors import BundleError

SCHEMA = {
    "properties": {
        name: {"x-dtype": name} for name in ("int64", "float64", "string", "bool", "datetime")
    }
}


@pytest.mark.parametrize(
    ("predictions", "kind"),
    [([1.5], "double"), ([1], "long"), ([True], "boolean"), (["late"], "string")],
)
def test_is_yaml_with_a_signature_in_the_types_of_mlflow(predictions: object, kind: str) -> None:
    model = yaml.safe_load(write_mlmodel(SCHEMA, "é: [it]", np.asarray(predictions)))

    inputs, outputs = (json.loads(model["signature"][side]) for side in ("inputs", "outputs"))
    assert [column["type"] for column in inputs] == [
        "long",
        "double",
        "string",
        "boolean",
        "datetime",
    ]
    assert outputs == [{"name": "é: [it]", "type": kind, "required": True}]


def test_takes_what_it_wrote() -> None:
    check_mlmodel(write_mlmodel(SCHEMA, "it", np.zeros(1)))


def _loader(model: dict[str, Any]) -> None:
    model["flavors"]["python_function"]["loader_module"] = "os"


def _code(model: dict[str, Any]) -> None:
    model["flavors"]["python_function"]["code"] = "code"


def _no_function(model: dict[str, Any]) -> None:
    model["flavors"]["python_function"] = None


def _flavour(model: dict[str, Any]) -> None:
    model["flavors"]["sklearn"] = {"pickled_model": "model.pkl"}


def _no_flavours(model: dict[str, Any]) -> None:
    model["flavors"] = []


@pytest.mark.parametrize("change", [_loader, _code, _no_function, _flavour, _no_flavours])
def test_refuses_what_would_run_something_else(change: Callable[[dict[str, Any]], None]) -> None:
    model = json.loads(write_mlmodel(SCHEMA, "it", np.zeros(1)))
    change(model)

    with pytest.raises(BundleError, match=r"^MLmodel: has another loader, or code: don't use"):
        check_mlmodel(json.dumps(model).encode())
