"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import ropewalk.trainer


def test_docstring_examples_hold() -> None:
    package = ropewalk.trainer
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]

    results = [
        doctest.testmod(
            importlib.import_module(name),
            optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        )
        for name in names
    ]

    assert sum(result.attempted for result in results) >= 1
    assert sum(result.failed for result in results) == 0
