"""The examples in the docstrings and in README run."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import ropewalk.data_loaders

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PACKAGE = ropewalk.data_loaders
MODULES = [m.name for m in pkgutil.walk_packages(PACKAGE.__path__, f"{PACKAGE.__name__}.")]


def test_docstring_examples_hold() -> None:
    results = [
        doctest.testmod(importlib.import_module(name), optionflags=OPTIONS) for name in MODULES
    ]

    assert sum(result.attempted for result in results) >= 25
    assert sum(result.failed for result in results) == 0


def test_readme_examples_hold_and_its_loader_keeps_the_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # The end of a fence is not what an example prints.
    examples = doctest.DocTestParser().get_doctest(
        text.replace("```", "\n"), {}, "README.md", "README.md", 0
    )

    result = doctest.DocTestRunner(optionflags=OPTIONS).run(examples, clear_globs=False)

    assert result.attempted >= 12
    assert result.failed == 0
    contract = examples.globs["TestJsonDataLoader"]()
    tests = [name for name in dir(contract) if name.startswith("test_")]
    assert len(tests) >= 10
    for name in tests:
        getattr(contract, name)()
