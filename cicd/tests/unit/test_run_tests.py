import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cicd.build import run_tests

SCRIPT = Path(run_tests.__file__)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A monorepo of two rooms, whose tests need each other's code and a file of the root."""
    for room, name in (("libs/one", "one"), ("apps/two", "two")):
        package = tmp_path / room / "src" / "somewhere" / name
        package.mkdir(parents=True)
        (package / "core.py").write_text(f"NAME = {name!r}\n")
        (tmp_path / room / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "data.txt").write_text("real")
    write_test(tmp_path / "libs/one/tests/unit", "assert NAME == 'one'")
    write_test(tmp_path / "apps/two/tests/unit", "assert open('data.txt').read() == 'real'")
    return tmp_path


def write_test(folder: Path, body: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "test_it.py").write_text(
        f"from somewhere.one.core import NAME\n\n\ndef test_it():\n    {body}\n"
    )


def run(repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--root", str(repo), *arguments]
    # Other plugins take a second each to load, and the outer pytest's options are its own.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    return result.stdout.splitlines()[-1]


def test_all_rooms_pass(repo: Path) -> None:
    result = run(repo, "--test-type", "unit")

    assert result.returncode == 0, result.stderr
    assert last_line(result) == "2 passed, 0 failed"
    reports = sorted((repo / "dist/test/reports-plain").iterdir())
    assert [report.name for report in reports] == ["apps.two.unit.xml", "libs.one.unit.xml"]
    assert all(ElementTree.parse(report).find(".//testcase") is not None for report in reports)


def test_child_processes_find_the_code(repo: Path) -> None:
    child = "[sys.executable, '-c', 'import somewhere.two.core']"
    body = f"import subprocess, sys; subprocess.run({child}, check=True)"
    write_test(repo / "libs/one/tests/integration", body)

    result = run(repo, "--test-type", "integration")

    assert (result.returncode, last_line(result)) == (0, "1 passed, 0 failed")


def test_a_failure_is_named_and_stops_no_other_room(repo: Path) -> None:
    write_test(repo / "apps/two/tests/unit", "assert NAME == 'two'")

    result = run(repo, "--test-type", "all")

    assert (result.returncode, last_line(result)) == (1, "1 passed, 1 failed")
    assert "failed: apps.two.tests.unit.test_it::test_it" in result.stdout


def test_a_test_file_that_can_not_be_imported_is_a_failure(repo: Path) -> None:
    (repo / "apps/two/tests/unit/test_it.py").write_text("import no_such_module\n")

    result = run(repo, "--test-type", "unit")

    assert (result.returncode, last_line(result)) == (1, "1 passed, 1 failed")


def test_a_room_whose_process_dies_is_a_failure_despite_an_old_report(repo: Path) -> None:
    assert run(repo, "--test-type", "unit").returncode == 0
    write_test(repo / "apps/two/tests/unit", "import os; os._exit(0 + 9)")

    result = run(repo, "--test-type", "unit")

    assert (result.returncode, last_line(result)) == (1, "1 passed, 0 failed")
    assert "pytest stopped in" in result.stderr


@pytest.mark.parametrize("room", ["libs/one", "libs/one/"])
def test_one_room_only(repo: Path, room: str) -> None:
    result = run(repo, "--test-type", "unit", "--room", room)

    assert (result.returncode, last_line(result)) == (0, "1 passed, 0 failed")


def test_some_files_only(repo: Path) -> None:
    write_test(repo / "libs/one/tests/unit/sub", "assert NAME == 'two'")

    result = run(repo, "--test-type", "unit", "libs/one/tests/unit/test_it.py")

    assert (result.returncode, last_line(result)) == (0, "1 passed, 0 failed")


@pytest.mark.parametrize(
    "file", ["libs/one/tests/unit/test_no.py", "libs/one/src/somewhere/one/core.py"]
)
def test_a_file_that_is_none_of_the_tests(repo: Path, file: str) -> None:
    result = run(repo, "--test-type", "unit", "libs/one/tests/unit/test_it.py", file)

    assert result.returncode == 2
    assert result.stderr == f"run_tests.py: {file} is no file of unit tests\n"


def test_arguments_after_two_dashes_reach_pytest(repo: Path) -> None:
    result = run(repo, "--test-type", "unit", "--", "-k", "nothing_has_this_name")

    assert (result.returncode, last_line(result)) == (2, "0 passed, 0 failed")
    assert "deselected" in result.stderr


def test_no_tests_found(repo: Path) -> None:
    result = run(repo, "--test-type", "integration")

    assert result.returncode == 2
    assert result.stderr.startswith("run_tests.py: no integration tests found in libs/*")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--test-type", "smoke"], [], ["--test-type"]])
def test_wrong_usage(repo: Path, arguments: list[str]) -> None:
    result = run(repo, *arguments)

    assert result.returncode == 2
    assert "--test-type" in result.stderr
    assert "Traceback" not in result.stderr


def test_reports_that_can_not_be_written(repo: Path) -> None:
    (repo / "taken").write_text("")

    result = run(repo, "--test-type", "unit", "--reports", str(repo / "taken"))

    assert result.returncode == 2
    assert "no report can be written to" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_help_has_an_example(repo: Path) -> None:
    result = run(repo, "--help")

    assert result.returncode == 0
    assert "cicd/build/run_tests.py --test-type unit" in result.stdout
