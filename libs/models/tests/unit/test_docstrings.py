from __future__ import annotations

import doctest
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import lightgbm  # noqa: F401 (what is tested imports it)
import pytest
import xgboost  # noqa: F401 (the same)

import ropewalk.models

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ropewalk.models.__path__, prefix="ropewalk.models.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name), optionflags=OPTIONS)

    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()

    examples = sum(
        len(test.examples) for name in MODULES for test in finder.find(import_module(name))
    )

    assert examples > 30


def test_readme_examples_hold_and_its_estimator_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    # The end of a fence is not what an example prints.
    examples = doctest.DocTestParser().get_doctest(
        text.replace("```", "\n"), {"__name__": "my_package"}, "README.md", "README.md", 0
    )

    result = doctest.DocTestRunner(optionflags=OPTIONS).run(examples, clear_globs=False)

    assert result.attempted >= 15
    assert result.failed == 0
    assert (tmp_path / "bundle" / "manifest.json").exists()
    package = ModuleType("my_package")
    vars(package).update(examples.globs)
    monkeypatch.setitem(sys.modules, "my_package", package)
    contract = examples.globs["TestMidpointRegressor"]()
    tests = [name for name in dir(contract) if name.startswith("test_")]
    assert len(tests) >= 9
    for name in tests:
        getattr(contract, name)()
