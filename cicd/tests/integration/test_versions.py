"""The rules of versions on a small lib: real git, griffe and pytest, and a release to compare with.

Released is 1.0.0: a class ``Yarn`` with a contract that its tests inherit.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cicd.build.utils import versions
from cicd.tests.rooms_repo import RoomsRepo, make_repo

CODE = '''"""Yarn."""


class Yarn:
    """A strand."""

    def length(self) -> float:
        """Return metres."""
        return 2.5
'''
CONTRACT = '''"""What yarn promises."""


class YarnContract:
    """To be inherited."""

    def make(self):
        """Return what is tested."""
        raise NotImplementedError

    def test_length_is_metres(self) -> None:
        """Not centimetres."""
        assert 0 < self.make().length() < 100
'''
TESTS = """from ropewalk.hemp import Yarn
from ropewalk.hemp.yarn_contract import YarnContract


class TestYarn(YarnContract):
    def make(self):
        return Yarn()


def test_that_is_about_the_inside() -> None:
    assert Yarn().__dict__ == {}
"""
HOME = "libs/hemp/src/ropewalk/hemp"
Check = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def repo(tmp_path: Path) -> RoomsRepo:
    repo = make_repo(tmp_path / "repo")
    repo.write(f"{HOME}/__init__.py", CODE)
    repo.write(f"{HOME}/yarn_contract.py", CONTRACT)
    repo.write("libs/hemp/tests/unit/test_yarn.py", TESTS)
    repo.release("libs/hemp", "1.0.0")
    return repo


@pytest.fixture
def check(repo: RoomsRepo, tmp_path: Path) -> Check:
    """Check a change; where no file is named, one of the code and one fragment are changed."""

    def call(*changed: str, everything: bool = False) -> tuple[int, list[str]]:
        files = list(changed) or [f"{HOME}/__init__.py", "libs/hemp/changes/+x.fixed.md"]
        affected = {
            "since": "HEAD",
            "changed": files,
            "wheels": ["libs/hemp:wheel"],
            "everything": everything,
        }
        (tmp_path / "affected.json").write_text(json.dumps(affected))
        command = [sys.executable, versions.__file__]
        root = ["--root", str(repo.folder)]
        released = tmp_path / "released"
        if not released.exists():
            subprocess.run([*command, "released", str(released), *root], check=True)
        options = ["--affected", str(tmp_path / "affected.json"), "--released", str(released)]
        result = subprocess.run(
            [*command, "check", *options, *root], capture_output=True, text=True
        )
        return result.returncode, result.stderr.splitlines()

    return call


def test_a_fix_that_keeps_all_promises_needs_a_fragment_and_no_more(
    repo: RoomsRepo, check: Check
) -> None:
    repo.write(f"{HOME}/__init__.py", CODE.replace("2.5", "2.6"))

    code, told = check(f"{HOME}/__init__.py")
    assert code == 1
    assert len(told) == 1
    assert f"{HOME}/__init__.py changes the wheel ropewalk-hemp, and no fragment" in told[0]

    repo.write("libs/hemp/changes/+x.fixed.md", "Longer.\n")
    assert check() == (0, [])


def test_a_fragment_of_an_earlier_change_does_not_do(repo: RoomsRepo, check: Check) -> None:
    repo.write("libs/hemp/changes/+x.fixed.md", "Longer.\n")

    code, told = check(f"{HOME}/__init__.py")

    assert (code, len(told)) == (1, 1)


@pytest.mark.parametrize(
    ("code", "too_little", "enough", "told"),
    [
        (CODE.replace("length", "size"), "added", "breaking", "Yarn.length (ropewalk-hemp 1.0.0)"),
        (CODE + "\n\nTWIST = 3\n", "fixed", "added", "ropewalk.hemp.TWIST (ropewalk-hemp 1.0.0)"),
        (CODE.replace("2.5", "250"), "added", "breaking", "::TestYarn::test_length_is_metres"),
    ],
    ids=["a break of the API", "new API", "a broken promise"],
)
def test_the_fragment_must_be_of_a_kind_that_allows_the_change(
    repo: RoomsRepo, check: Check, code: str, too_little: str, enough: str, told: str
) -> None:
    repo.write(f"{HOME}/__init__.py", code)
    repo.write(f"libs/hemp/changes/+x.{too_little}.md", "Other.\n")
    status, lines = check(f"{HOME}/__init__.py", f"libs/hemp/changes/+x.{too_little}.md")
    assert status == 1
    assert any(told in line and f"+NAME.{enough}.md" in line for line in lines), lines

    repo.write(f"libs/hemp/changes/+y.{enough}.md", "Other.\n")
    assert check(f"{HOME}/__init__.py", f"libs/hemp/changes/+y.{enough}.md") == (0, [])


def test_a_contract_can_not_be_weakened_to_break_what_it_promised(
    repo: RoomsRepo, check: Check
) -> None:
    repo.write(f"{HOME}/__init__.py", CODE.replace("2.5", "250"))
    repo.write(f"{HOME}/yarn_contract.py", CONTRACT.replace("100", "10_000"))
    repo.write("libs/hemp/changes/+x.fixed.md", "Longer.\n")

    code, told = check()

    assert code == 1
    assert "promised what fails now: tests/unit/test_yarn.py::TestYarn::test_length" in told[0]


def test_only_tests_of_contracts_hold_new_code(repo: RoomsRepo, check: Check) -> None:
    repo.write(
        f"{HOME}/__init__.py", CODE + "\n    def __init__(self) -> None:\n        self._x = 1\n"
    )
    repo.write("libs/hemp/changes/+x.fixed.md", "Longer.\n")

    assert check() == (0, [])


def test_a_version_written_by_hand_is_told(repo: RoomsRepo, check: Check) -> None:
    repo.write("libs/hemp/VERSION", "1.1.0\n")
    repo.write("libs/hemp/changes/+x.fixed.md", "Longer.\n")

    code, told = check()

    assert code == 1
    assert "libs/hemp/VERSION says 1.1.0, but the last release is 1.0.0; write 1.0.0" in told[0]


def test_where_it_can_not_look_it_says_so(repo: RoomsRepo, check: Check) -> None:
    code, told = check("pants.toml", everything=True)

    assert code == 2
    assert len(told) == 1
    assert "reached.json is missing, and only where git is can be told" in told[0]
