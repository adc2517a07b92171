"""The examples in the docstrings and in README run."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import ropewalk.features

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def test_docstring_examples_hold() -> None:
    package = ropewalk.features
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]

    results = [doctest.testmod(importlib.import_module(name), optionflags=FLAGS) for name in names]

    assert sum(result.attempted for result in results) >= 20
    assert sum(result.failed for result in results) == 0


def test_readme_examples_hold_and_its_flow_keeps_the_contract() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    # The end of a fence is not what an example prints.
    examples = doctest.DocTestParser().get_doctest(
        text.replace("```", "\n"), {"__name__": "readme"}, "README.md", "README.md", 0
    )

    result = doctest.DocTestRunner(optionflags=FLAGS).run(examples, clear_globs=False)

    assert result.attempted >= 8
    assert result.failed == 0
    contract = examples.globs["TestLogarithm"]()
    tests = [name for name in dir(contract) if name.startswith("test_")]
    assert len(tests) >= 9
    for name in tests:
        getattr(contract, name)()
