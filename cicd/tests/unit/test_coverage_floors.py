import json
import subprocess
from pathlib import Path

import pytest

from cicd.build.utils.coverage_floors import FLOORS, REPORT, main


def write_floors(repo: Path, **floors: int) -> None:
    lines = [f'"libs/{room}" = {floor}\n' for room, floor in floors.items()]
    (repo / FLOORS).parent.mkdir(parents=True, exist_ok=True)
    (repo / FLOORS).write_text("# kept\n[floors]\n" + "".join(lines))


def write_report(repo: Path, covered: int, branch: bool = True) -> None:
    """Two files: 80 statements with ``covered`` of them hit, and 20 branches, 10 of them hit."""
    statements = {
        "covered_lines": covered,
        "num_statements": 80,
        "covered_branches": 0,
        "num_branches": 0,
    }
    branches = {
        "covered_lines": 0,
        "num_statements": 0,
        "covered_branches": 10,
        "num_branches": 20,
    }
    files = {
        "libs/models/src/ropewalk/models/a.py": {"summary": statements},
        "libs/models/src/ropewalk/models/b.py": {"summary": branches},
    }
    (repo / REPORT).parent.mkdir(parents=True, exist_ok=True)
    (repo / REPORT).write_text(json.dumps({"meta": {"branch_coverage": branch}, "files": files}))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    write_floors(tmp_path, models=85)
    write_report(tmp_path, covered=76)
    return tmp_path


def commit(repo: Path) -> None:
    git = ["git", "-C", str(repo), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    if not (repo / ".git").exists():
        subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", FLOORS], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=floors"], check=True)


def check(repo: Path, *arguments: str) -> int:
    return main(["check", "--folder", str(repo), *arguments])


def test_green_with_lines_and_branches_counted(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(repo) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["libs/models", "85", "86.00"]


def test_red_below_the_floor(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(repo, covered=74)

    assert check(repo) == 1
    assert "libs/models is at 84.00 %, below its floor of 85 %" in capsys.readouterr().err


def test_red_for_a_room_without_floor_and_one_not_measured(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_floors(repo, features=85)

    assert check(repo) == 1
    problems = capsys.readouterr().err
    assert "libs/models has no floor" in problems
    assert "libs/features was not measured" in problems


def test_refuses_a_report_without_branches(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(repo, covered=80, branch=False)

    assert check(repo) == 2
    assert "no branches" in capsys.readouterr().err


def test_missing_report_is_one_line(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / REPORT).unlink()

    assert check(repo) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_raise_never_lowers(repo: Path) -> None:
    assert main(["raise", "--folder", str(repo)]) == 0
    assert (repo / FLOORS).read_text() == '# kept\n[floors]\n"libs/models" = 86\n'

    write_report(repo, covered=70)
    assert main(["raise", "--folder", str(repo)]) == 1
    assert (repo / FLOORS).read_text() == '# kept\n[floors]\n"libs/models" = 86\n'


def test_red_when_a_floor_sank(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repo)
    write_floors(repo, models=80)
    assert check(repo) == 0
    assert check(repo, "--since", "main") == 1
    assert "the floor of libs/models sank from 85 to 80 %" in capsys.readouterr().err


def test_red_when_a_floor_is_gone(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_floors(repo, models=85, features=85)
    (repo / "libs/features").mkdir(parents=True)
    commit(repo)
    write_floors(repo, models=85)
    assert check(repo, "--since", "main") == 1
    assert "libs/features had a floor of 85 %, now it has none" in capsys.readouterr().err

    (repo / "libs/features").rmdir()
    assert check(repo, "--since", "main") == 0


def test_since_an_unknown_branch_is_one_line(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repo)
    assert check(repo, "--since", "nowhere") == 2
    assert "no merge base with nowhere" in capsys.readouterr().err
