from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

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
