"""Pants' gates: each wrong import turns ``./pants check`` red, and each other fault its own goal.

The copy has the repo's own BUILD files, macros and settings, and a few lines of code a room. Not
``lint``: Pants 2.17 hands its linters single files and so never looks at their imports.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from cicd.build import gate
from cicd.build.checks.change import Change
from cicd.build.checks.outcomes import Outcome, State

NEEDED = (
    *("pants", "pants.toml", "pyproject.toml", "macros.py", "BUILD"),
    *("3rdparty/python", "cicd/build/BUILD", "cicd/build/bootstrap_pants.py"),
    "cicd/build/pants_plugin",
)
ROOMS = ("libs/data_loaders", "libs/features", "libs/models", "apps/trainer", "apps/predictor")
KEPT = ("HOME", "PATH", "PYENV_ROOT", "XDG_CACHE_HOME")
GOOD = '"""A room."""\n'


@dataclass(frozen=True)
class Repo:
    """A small copy of the repo, where one daemon of Pants answers all tests."""

    folder: Path

    def pants(self, *command: str) -> tuple[int, str]:
        """Run the launcher; return its exit code and all that it said."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in KEPT or name.startswith("PIP_")
        }
        result = subprocess.run(
            ["./pants", "--no-dynamic-ui", *command],
            cwd=self.folder,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )
        return result.returncode, result.stdout

    def module(self, room: str) -> Path:
        """Return the one module of a room."""
        return self.folder / room / "src" / "ropewalk" / room.split("/")[1] / "__init__.py"


def denied(output: str) -> list[str]:
    """Return the two ends, in one line, of each dependency that the walls refuse."""
    return [ends for rule, ends in pairwise(output.splitlines()) if rule.endswith(": DENY")]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    repo = Repo(tmp_path_factory.mktemp("gates"))
    builds = [build for room in ROOMS for build in (f"{room}/BUILD", f"{room}/src/BUILD")]
    for name in (*NEEDED, *builds):
        target = repo.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(name, target)
    for room in ROOMS:
        repo.module(room).parent.mkdir(parents=True)
        repo.module(room).write_text(GOOD)
        test = repo.folder / room / "tests" / "unit" / "test_docstrings.py"
        test.parent.mkdir(parents=True)
        test.write_text("def test_nothing() -> None:\n    pass\n")
        if room.startswith("apps/") or "command=" in (repo.folder / room / "BUILD").read_text():
            (repo.folder / room / f"{Path(room).name}.py").write_text(GOOD)
    yield repo
    for pid in repo.folder.glob(".pids/*/pantsd/pid"):
        os.kill(int(pid.read_text()), signal.SIGTERM)


@pytest.fixture
def repo(untouched: Repo) -> Iterator[Repo]:
    yield untouched
    for room in ROOMS:
        untouched.module(room).write_text(GOOD)


def test_untouched_copy_is_green(repo: Repo) -> None:
    code, output = repo.pants("tailor", "--check", "update-build-files", "--check", "lint", "::")

    assert code == 0, output


def test_right_imports_are_green(repo: Repo) -> None:
    imports = {
        "libs/data_loaders": "import sqlalchemy",
        "libs/features": "import numpy",
        "libs/models": "import pandas",
        "apps/trainer": "from ropewalk import data_loaders, features, models",
        "apps/predictor": "import ropewalk.models",
    }
    for room, line in imports.items():
        repo.module(room).write_text(f"{GOOD}\n{line}\n")

    code, output = repo.pants("check", "::")

    assert code == 0, output


@pytest.mark.parametrize(
    ("room", "line", "refused"),
    [
        pytest.param("libs/models", "import ropewalk.features", "libs/features", id="lib-lib"),
        pytest.param("libs/features", "from ropewalk import models", "libs/models", id="lib-lib-2"),
        pytest.param("libs/data_loaders", "import ropewalk.trainer", "apps/trainer", id="lib-app"),
        pytest.param("apps/trainer", "import ropewalk.predictor", "apps/predictor", id="app-app"),
        pytest.param("apps/predictor", "import ropewalk.trainer", "apps/trainer", id="app-app-2"),
        pytest.param("libs/features", "import pydantic", "#pydantic", id="package-of-others"),
        pytest.param("libs/models", "def f():\n    import rich", "#rich", id="inside-a-function"),
        pytest.param("libs/models", "import pytest", "#pytest", id="dev-package-in-lib"),
        pytest.param("apps/trainer", "import pytest", "#pytest", id="dev-package-in-app"),
    ],
)
def test_wrong_import_is_denied(repo: Repo, room: str, line: str, refused: str) -> None:
    repo.module(room).write_text(f"{GOOD}\n{line}\n")

    code, output = repo.pants("check", str(repo.module(room).relative_to(repo.folder)))

    assert code != 0
    assert any(room in told and refused in told for told in denied(output))


@pytest.mark.parametrize(
    "line", ["import ropewalk.models.mill", "from ropewalk.models import mill"]
)
def test_module_that_is_not_public_is_for_its_own_lib(repo: Repo, line: str) -> None:
    mill = repo.module("libs/models").with_name("mill.py")
    mill.write_text(GOOD)
    try:
        repo.module("libs/models").write_text(f"{GOOD}\n{line}\n")
        own, told = repo.pants("check", "libs/models/src::")
        repo.module("apps/trainer").write_text(f"{GOOD}\n{line}\n")
        code, output = repo.pants("check", "apps/trainer/src::")
    finally:
        mill.unlink()

    assert own == 0, told
    assert code != 0
    assert any("libs/models/src/ropewalk/models/mill.py" in told for told in denied(output))


def test_lib_serves_only_whom_it_lists(repo: Repo) -> None:
    tool = repo.folder / "tools" / "tool.py"
    tool.parent.mkdir()
    tool.write_text(f"{GOOD}\nimport ropewalk.models\n")
    tool.with_name("BUILD").write_text("python_sources()\n")
    build = repo.folder / "libs/models/BUILD"
    before = build.read_text()
    try:
        code, output = repo.pants("check", "tools::")
        build.write_text(before.replace("dependents=[", 'dependents=["tools", '))
        listed, told = repo.pants("check", "tools::")
    finally:
        shutil.rmtree(tool.parent)
        build.write_text(before)

    assert code != 0
    assert any("tools/tool.py" in told for told in denied(output))
    assert listed == 0, told


def test_two_imports_on_one_line_are_red(repo: Repo) -> None:
    """Pants looks at the first alone, so the linter has to refuse the line."""
    repo.module("libs/models").write_text(f"{GOOD}\nimport pandas, pyarrow\n")

    code, output = repo.pants("lint", "libs/models/src::")

    assert code != 0
    assert "E401" in output


def test_wrong_import_stops_the_tests_too(repo: Repo) -> None:
    repo.module("libs/models").write_text(f"{GOOD}\nimport ropewalk.features\n")

    code, output = repo.pants("test", "libs/models::")

    assert code != 0
    assert ": DENY" in output


def test_failing_test_is_red(repo: Repo) -> None:
    test = repo.folder / "libs/models/tests/unit/test_docstrings.py"
    before = test.read_text()
    test.write_text("def test_nothing() -> None:\n    assert False\n")
    try:
        code, output = repo.pants("test", "libs/models:unit")
    finally:
        test.write_text(before)

    assert code != 0
    assert "1 failed" in output


@pytest.mark.parametrize(
    ("goal", "code", "told"),
    [
        ("lint", "NAME = 'models'", "black failed"),
        ("check", 'NAME: int = "models"', "Incompatible types in assignment"),
        ("check", "import nobodys_package", "nobodys_package"),
    ],
    ids=["unformatted code", "a wrong type", "an import that nobody owns"],
)
def test_wrong_code_is_red(repo: Repo, goal: str, code: str, told: str) -> None:
    repo.module("libs/models").write_text(f"{GOOD}\n{code}\n")

    status, output = repo.pants(goal, "libs/models/src::")

    assert status != 0
    assert told in output


def test_file_without_target_is_red(repo: Repo) -> None:
    loose = repo.folder / "libs" / "features" / "loose" / "code.py"
    loose.parent.mkdir()
    loose.write_text(GOOD)
    try:
        code, output = repo.pants("tailor", "--check", "::")
    finally:
        shutil.rmtree(loose.parent)

    assert code != 0
    assert "libs/features/loose/BUILD" in output


def test_unformatted_build_file_is_red(repo: Repo) -> None:
    build = repo.folder / "libs" / "features" / "BUILD"
    before = build.read_text()
    build.write_text(before + "files( name = 'x' , sources = ['README.md'] )\n")
    try:
        code, output = repo.pants("update-build-files", "--check", "::")
    finally:
        build.write_text(before)

    assert code != 0
    assert "libs/features/BUILD" in output


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the gate's own calls of Pants no more of the environment than the others have."""
    for name in set(os.environ) - set(KEPT):
        if not name.startswith("PIP_"):
            monkeypatch.delenv(name)


def ask(name: str, repo: Repo, targets: list[str], tests: list[str]) -> Outcome:
    """Do one check of a branch in the copy, as the gate does it."""
    check = next(check for check in gate.CHECKS if check.name == name)
    folder = repo.folder / "dist/gate"
    change = Change(repo.folder, folder, "main", False, [], targets, tests, [], [], [])
    return gate.look(check, change, "machine")


def test_the_gate_tells_what_goes_through_a_wall(repo: Repo, bare: None) -> None:
    module = repo.module("libs/models")
    path = str(module.relative_to(repo.folder))
    target = f"{path}:../../src"
    assert ask("walls", repo, [target], []).state is State.OK

    module.write_text(f"{GOOD}\nimport ropewalk.features\n")
    wall = ask("walls", repo, [target], [])
    module.write_text(f"{GOOD}\nimport nobodys_package\n")
    unowned = ask("walls", repo, [target], [])

    assert wall.state is unowned.state is State.FAILED
    assert [(each.path, "libs/features" in each.message) for each in wall.findings] == [
        (path, True)
    ]
    assert any("nobodys_package" in each.message for each in unowned.findings)


def test_the_gate_tells_which_file_has_no_target(repo: Repo, bare: None) -> None:
    assert ask("targets", repo, [], []).state is State.OK

    loose = repo.folder / "libs" / "features" / "loose" / "code.py"
    loose.parent.mkdir()
    loose.write_text(GOOD)
    try:
        outcome = ask("targets", repo, [], [])
    finally:
        shutil.rmtree(loose.parent)

    assert outcome.state is State.FAILED
    assert any("libs/features/loose/BUILD" in each.message for each in outcome.findings)


def test_the_gate_tells_which_test_of_cicd_failed(repo: Repo, bare: None) -> None:
    test = repo.folder / "cicd/tests/unit/test_it.py"
    test.parent.mkdir(parents=True)
    (test.parent / "BUILD").write_text("python_tests()\n")
    try:
        test.write_text("def test_it() -> None:\n    pass\n")
        good = ask("tests of cicd", repo, [], ["cicd/tests/unit/test_it.py"])
        test.write_text("def test_it() -> None:\n    assert False\n")
        bad = ask("tests of cicd", repo, [], ["cicd/tests/unit/test_it.py"])
    finally:
        shutil.rmtree(repo.folder / "cicd/tests")

    assert (good.state, bad.state) == (State.OK, State.FAILED), (good, bad)
    assert any("cicd/tests/unit/test_it.py" in each.message for each in bad.findings)
