import json
from pathlib import Path

import pytest

from cicd.build.utils.versions import main
from cicd.tests.rooms_repo import RoomsRepo, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> RoomsRepo:
    return make_repo(tmp_path / "repo")


def run(
    repo: RoomsRepo, changed: list[str], wheels: list[str], capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[dict[str, str]], list[str]]:
    """Check a change of rooms that were never released."""
    affected = {"since": "main", "changed": changed, "wheels": wheels, "everything": False}
    repo.write("affected.json", json.dumps(affected))
    released = repo.folder / "released"
    released.mkdir(exist_ok=True)
    options = ["--affected", str(repo.folder / "affected.json"), "--released", str(released)]
    code = main(["check", *options, "--json", "--root", str(repo.folder)])
    told = json.loads(capsys.readouterr().out)
    return code, told["problems"], told["notes"]


def test_a_change_that_reaches_no_wheel_needs_nothing(
    repo: RoomsRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    code, problems, notes = run(repo, ["libs/hemp/tests/unit/test_a.py"], [], capsys)

    assert (code, problems) == (0, [])
    assert "ropewalk-hemp has no release yet: nothing to compare with" in notes


def test_each_wheel_that_is_reached_needs_a_fragment_of_its_own(
    repo: RoomsRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("libs/hemp/changes/+x.added.md", "X.\n")
    changed = ["libs/hemp/src/ropewalk/hemp/a.py", "libs/hemp/changes/+x.added.md"]
    changed += ["3rdparty/python/default-requirements.txt"]

    code, problems, _ = run(repo, changed, ["apps/rope:wheel", "libs/hemp:wheel"], capsys)

    assert code == 1
    assert [(each["rule"], each["path"]) for each in problems] == [
        ("fragment", "apps/rope/BUILD"),
    ]


def test_a_fragment_that_was_deleted_does_not_count(
    repo: RoomsRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = ["libs/hemp/README.md", "libs/hemp/changes/+x.added.md"]

    code, problems, _ = run(repo, changed, ["libs/hemp:wheel"], capsys)

    assert code == 1
    assert problems[0]["path"] == "libs/hemp/README.md"


def test_faults_of_rooms_are_told_at_their_file(
    repo: RoomsRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("libs/wool/changes/+x.added.md", "X.\n")
    repo.write("libs/tar/VERSION", "1.x\n")

    code, problems, _ = run(repo, [], [], capsys)

    assert code == 1
    assert [each["path"] for each in problems] == ["libs/tar/VERSION", "libs/wool/changes"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "--affected", "{}/bad.json", "--released", "{}"], "is no output of `cicd/build"),
        (["check", "--affected", "{}/none.json", "--released", "{}"], "No such file"),
        (["check"], "takes --since REF, or both"),
        (["check", "--since", "main", "--released", "{}"], "takes --since REF, or both"),
        (["released", "{}"], "is not empty; give a new folder"),
    ],
)
def test_wrong_usage_is_one_line(
    repo: RoomsRepo, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    repo.write("bad.json", '{"changed": []}')
    filled = [each.format(repo.folder) for each in arguments]

    code = main([*filled, "--root", str(repo.folder)])

    lines = capsys.readouterr().err.splitlines()
    assert code == 2
    assert len(lines) == 1
    assert told in lines[0]
