from __future__ import annotations

import numpy as np
import pytest

from ropewalk.models.common.json_text import read_json, write_json
from ropewalk.models.errors import BundleError


def test_comes_back_as_it_was_in_the_order_given() -> None:
    value = {"z": 1, "a": [0.1, None, True, "Zürich"], "nested": {"mae": 19.88}}

    content = write_json("metrics.json", value)

    assert read_json("metrics.json", content) == value
    assert list(read_json("metrics.json", content)) == ["z", "a", "nested"]
    assert "Zürich".encode() in content


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), np.int64(1), object(), {1, 2}, b"bytes", "\ud800"],
    ids=["nan", "infinity", "numpy", "object", "set", "bytes", "surrogate"],
)
def test_refuses_what_has_no_place_in_json(value: object) -> None:
    with pytest.raises(BundleError, match=r"^metrics\.json: .*: give text, finite numbers"):
        write_json("metrics.json", {"value": value})


def test_refuses_a_mapping_that_holds_itself() -> None:
    value: dict[str, object] = {}
    value["again"] = value

    with pytest.raises(BundleError, match=r"^metrics\.json: "):
        write_json("metrics.json", value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"rmse": NaN}', "NaN is no JSON value"),
        (b'{"rmse": -Infinity}', "-Infinity is no JSON value"),
        (b'{"rmse": 1', "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "no JSON object"),
        (b"", "no JSON"),
    ],
)
def test_refuses_to_read_what_is_no_json_object(content: bytes, told: str) -> None:
    with pytest.raises(BundleError, match=told) as caught:
        read_json("metrics.json", content)

    assert str(caught.value).startswith("metrics.json: ")
    assert "\n" not in str(caught.value)
