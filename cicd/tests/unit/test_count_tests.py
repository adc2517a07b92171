from pathlib import Path

import pytest

from cicd.build.utils.count_tests import main

PASSED = '<testcase classname="test_a" name="test_good"/>'
FAILED = '<testcase classname="test_a" name="test_bad"><failure message="1 != 2"/></testcase>'
ERROR = '<testcase classname="test_a" name="test_worse"><error message="no database"/></testcase>'
SKIPPED = '<testcase classname="test_a" name="test_later"><skipped message="no docker"/></testcase>'


def write(folder: Path, name: str, *cases: str) -> None:
    (folder / name).write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")


def test_green(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.xml", PASSED, PASSED)
    write(tmp_path, "b.xml", PASSED, SKIPPED)

    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 skipped: 1 x no docker",
        "3 passed, 0 failed",
    ]


@pytest.mark.parametrize("broken", [FAILED, ERROR])
def test_red_when_a_test_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    write(tmp_path, "a.xml", PASSED, broken)

    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed"


@pytest.mark.parametrize("cases", [[], [SKIPPED]])
def test_red_when_no_test_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cases: list[str]
) -> None:
    write(tmp_path, "a.xml", *cases)

    assert main([str(tmp_path)]) == 1
    assert "no test ran" in capsys.readouterr().err


def test_red_when_there_is_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "missing")]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 0 failed"


def test_red_when_a_report_is_cut_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.xml", PASSED)
    (tmp_path / "b.xml").write_text("<testsuites><testsuite>")

    assert main([str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "b.xml is no complete test report" in captured.err
    assert captured.out.splitlines()[-1] == "0 passed, 0 failed"
