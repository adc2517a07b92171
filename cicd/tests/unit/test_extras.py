"""What a wheel offers as an extra is tested in the range that it offers."""

import ast
from pathlib import Path

import pytest

REQUIREMENTS = Path("3rdparty/python/default-requirements.txt")
BUILDS = [str(path) for path in sorted(Path().glob("libs/*/BUILD"))]


def extras(build: str) -> dict[str, list[str]]:
    """Return the extras that the BUILD file of a lib names."""
    calls = [node for node in ast.walk(ast.parse(build)) if isinstance(node, ast.Call)]
    named = [word.value for call in calls for word in call.keywords if word.arg == "extras"]
    return ast.literal_eval(named[0]) if named else {}


def test_there_are_extras_to_look_at() -> None:
    assert "signing" in extras(Path("libs/models/BUILD").read_text())


@pytest.mark.parametrize("build", BUILDS)
def test_ranges_of_extras_are_those_that_are_locked(build: str) -> None:
    locked = REQUIREMENTS.read_text().splitlines()

    offered = {package for names in extras(Path(build).read_text()).values() for package in names}

    assert offered <= {*locked}
