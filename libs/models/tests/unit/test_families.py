from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import lightgbm  # noqa: F401 (what is tested imports it)
import pytest
import xgboost  # noqa: F401 (the same)
from sklearn.base import BaseEstimator

from ropewalk.models.errors import ModelError
from ropewalk.models.families import find_model, model_paths

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lay down an installed package that gives models, as an installer would."""

    def lay_down(package: str, entry_points: str) -> None:
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ropewalk.models]\n{entry_points}\n")
        (tmp_path / f"{package}.py").write_text(
            "from sklearn.dummy import DummyRegressor\n"
            "class MidpointRegressor(DummyRegressor): pass\n"
            "not_a_class = 1\n"
        )
        (tmp_path / f"{package}_broken.py").write_text("import no_such_package\n")
        monkeypatch.syspath_prepend(tmp_path)

    return lay_down


def test_each_name_is_an_estimator_of_a_family() -> None:
    for name in model_paths():
        estimator = find_model(name)

        assert issubclass(estimator, BaseEstimator)
        assert estimator.family


def test_every_exported_estimator_has_a_name() -> None:
    exported = {
        thing
        for thing in vars(import_module("ropewalk.models")).values()
        if isinstance(thing, type)
        and issubclass(thing, BaseEstimator)
        and getattr(thing, "family", "calibration") != "calibration"  # That is around another.
    }

    assert exported <= {find_model(name) for name in model_paths()}


def test_is_read_only_and_sorted() -> None:
    paths = model_paths()

    assert list(paths) == sorted(paths)
    with pytest.raises(TypeError):
        paths["naive"] = "os:system"  # type: ignore[index]  # That it can't is what is asked.


def test_tells_what_there_is() -> None:
    with pytest.raises(ModelError, match="no model 'naiv': did you mean 'naive'"):
        find_model("naiv")
    with pytest.raises(ModelError, match="no model 'x': there are: elastic_net, "):
        find_model("x")


def test_an_installed_package_adds_models(install: Install) -> None:
    install("rw_midpoint", "midpoint = rw_midpoint:MidpointRegressor")

    assert model_paths()["midpoint"] == "rw_midpoint:MidpointRegressor"
    assert find_model("midpoint").__name__ == "MidpointRegressor"


@pytest.mark.parametrize("name", ["naive", "twice"])
def test_no_package_replaces_another_ones_model(install: Install, name: str) -> None:
    install("rw_one", f"{name} = rw_one:MidpointRegressor")
    if name == "twice":
        install("rw_two", f"{name} = rw_two:MidpointRegressor")

    with pytest.raises(ModelError, match=f"two models are named '{name}'.*uninstall") as caught:
        find_model("olsr")

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("rw_bad_broken:Any", "'bad' can't be imported: .*no_such_package"),
        ("rw_bad:Missing", "'bad' can't be imported: AttributeError"),
        ("rw_bad:not_a_class", "'bad' is rw_bad:not_a_class, which is no class"),
    ],
)
def test_a_broken_package_is_named_and_harms_no_other(
    install: Install, entry: str, says: str
) -> None:
    install("rw_bad", f"bad = {entry}")

    with pytest.raises(ModelError, match=says):
        find_model("bad")

    assert find_model("naive")
