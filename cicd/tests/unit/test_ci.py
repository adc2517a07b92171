import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cicd.build.ci import MOST_SHARDS, TESTS_PER_SHARD, main
from cicd.build.utils.shards import TIMES

WORKFLOW = ".github/workflows/branch.yml"


def git(repo: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", "-C", repo, *identity, *arguments], check=True, capture_output=True)


def commit(repo: Path, name: str, text: str) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text)
    git(repo, "add", ".")
    git(repo, "commit", "--quiet", "--message", f"Change {name}")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A branch off develop, which has gone on since and changed a workflow itself."""
    folder = tmp_path / "repo"
    git(tmp_path, "init", "--quiet", "--initial-branch=develop", str(folder))
    commit(folder, WORKFLOW, "name: Branch\n")
    git(folder, "switch", "--quiet", "--create", "feature")
    commit(folder, "libs/a.py", "A = 1\n")
    git(folder, "switch", "--quiet", "develop")
    commit(folder, WORKFLOW, "name: Newer\n")
    git(folder, "switch", "--quiet", "feature")
    return folder


def trust(repo: Path, fork: str, since: str = "develop") -> int:
    return main(["--root", str(repo), "trust", "--since", since, "--fork", fork])


def test_a_fork_that_changes_no_workflow_goes_on(repo: Path) -> None:
    assert trust(repo, "true") == 0


@pytest.mark.parametrize(
    "name",
    [WORKFLOW, ".github/actions/a/action.yml", "azure-pipelines.yml", "cicd/build/azure/a.yml"],
)
def test_a_fork_that_changes_a_workflow_is_stopped_by_one_line(
    repo: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repo, name, "name: Mine\n")

    assert trust(repo, "True") == 1  # as Azure writes it
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert f"a pull request of a fork changes {name}" in said
    assert trust(repo, "false") == 0


@pytest.mark.parametrize("change", ["rm", "mv"])
def test_a_fork_that_takes_a_workflow_away_is_stopped(repo: Path, change: str) -> None:
    git(repo, change, WORKFLOW, *(["libs/b.yml"] if change == "mv" else []))
    git(repo, "commit", "--quiet", "--message", "Take the workflow away")

    assert trust(repo, "true") == 1


def test_without_a_merge_base_nothing_is_trusted(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(repo, "switch", "--quiet", "--orphan", "stranger")
    commit(repo, "a.py", "A = 1\n")

    assert trust(repo, "false") == 2
    assert trust(repo, "false", since="nowhere") == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all("fetch all of the history" in line for line in said)


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repo whose `affected` tells what tells.json holds, and whose `pants` writes its specs."""
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "TF_BUILD"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "cicd" / "build").mkdir(parents=True)
    (tmp_path / TIMES).write_text('{"libs/a/test_0.py": 90.0, "libs/a/test_1.py": 1.0}')
    for name, script in (
        ("cicd/build/affected", 'echo "$*" >asked\ncat tells.json'),
        ("pants", 'cat "${1#--spec-files=}" >ran\nexit 7'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def tell(root: Path, tests: int, images: list[str]) -> list[str]:
    addresses = [f"libs/a/test_{i}.py" for i in range(tests)]
    (root / "tells.json").write_text(json.dumps({"tests": addresses, "images": images}))
    return addresses


def lines(text: str) -> dict[str, Any]:
    pairs = (line.split("=", 1) for line in text.splitlines())
    return {name: json.loads(value) for name, value in pairs}


@pytest.mark.parametrize(
    ("count", "shards"),
    [(0, 0), (1, 1), (TESTS_PER_SHARD, 1), (TESTS_PER_SHARD + 1, 2), (10**4, MOST_SHARDS)],
)
def test_matrix_for_github(
    answering: Path,
    count: int,
    shards: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tests = tell(answering, count, ["apps/b:docker", "apps/a:docker"])
    output = answering / "output"
    output.write_text('before=""\n')
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))

    assert main(["--root", str(answering), "matrix", "--since", "develop"]) == 0

    told = lines(output.read_text())
    assert told["before"] == ""
    assert [job["shard"] for job in told["shards"]] == [f"{k}/{shards}" for k in range(shards)]
    assert sorted("\n".join(job["tests"] for job in told["shards"]).split()) == sorted(tests)
    assert told["images"] == [{"image": "apps/a:docker"}, {"image": "apps/b:docker"}]
    assert lines(capsys.readouterr().out) == {name: told[name] for name in ("shards", "images")}
    assert (answering / "asked").read_text() == "--since develop --json\n"


def test_shards_take_equally_long(answering: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell(answering, TESTS_PER_SHARD + 1, [])
    (answering / TIMES).write_text(
        json.dumps({f"libs/a/test_{i}.py": 1.0 + 60 * (i == 7) for i in range(TESTS_PER_SHARD + 1)})
    )

    main(["--root", str(answering), "matrix", "--since", "develop"])

    shards = [job["tests"].split() for job in lines(capsys.readouterr().out)["shards"]]
    assert ["libs/a/test_7.py"] in shards


def test_matrix_for_azure(
    answering: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(answering, 2, ["apps/a:docker"])
    monkeypatch.setenv("TF_BUILD", "True")

    assert main(["--root", str(answering), "matrix", "--since", "develop"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "##vso[task.setvariable variable=shards;isOutput=true]"
        '{"shard_0_1": {"SHARD": "0/1", "TESTS": "libs/a/test_0.py\\nlibs/a/test_1.py"}}',
        "##vso[task.setvariable variable=images;isOutput=true]"
        '{"image_apps_a_docker": {"IMAGE": "apps/a:docker"}}',
    ]


def test_the_tests_of_a_shard_are_what_pants_gets(
    answering: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTS", "libs/a/test_0.py\nlibs/a/test_1.py")

    assert main(["--root", str(answering), "test"]) == 7
    assert (answering / "ran").read_text().split() == ["libs/a/test_0.py", "libs/a/test_1.py"]


def test_no_tests_are_not_all_tests(answering: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTS", " ")

    assert main(["--root", str(answering), "test"]) == 2
    assert not (answering / "ran").exists()


def test_what_affected_could_not_tell_is_no_empty_matrix(
    answering: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (answering / "cicd/build/affected").write_text("#!/bin/sh\nexit 2\n")

    with pytest.raises(SystemExit, match="2"):
        main(["--root", str(answering), "matrix", "--since", "nowhere"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("broken", ["cicd/build/affected", str(TIMES), "tells.json"])
def test_what_can_not_be_read_is_told_in_one_line(
    answering: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    tell(answering, 1, [])
    (answering / broken).write_text("{")

    assert main(["--root", str(answering), "matrix", "--since", "develop"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_summary_is_shown_where_people_look(
    answering: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["--root", str(answering), "summary"]
    assert main(ask) == 2  # a gate that got nowhere has nothing to show

    table = answering / "dist" / "gate" / "summary.md"
    table.parent.mkdir(parents=True)
    table.write_text("| check | found |\n")
    assert main(ask) == 0
    assert capsys.readouterr().out == "| check | found |\n"

    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(answering / "shown"))
    assert main(ask) == 0
    assert (answering / "shown").read_text() == "| check | found |\n"

    monkeypatch.setenv("TF_BUILD", "True")
    assert main(ask) == 0
    assert capsys.readouterr().out == f"##vso[task.uploadsummary]{table.resolve()}\n"


@pytest.mark.parametrize(
    ("gate", "tests", "code"),
    [
        ("success", "success", 0),
        ("success", "skipped", 0),
        ("success", "failure", 1),
        ("success", "cancelled", 1),
        ("skipped", "skipped", 1),
        ("failure", "success", 1),
    ],
)
def test_verdict(monkeypatch: pytest.MonkeyPatch, gate: str, tests: str, code: int) -> None:
    monkeypatch.setenv("NEEDS", json.dumps({"gate": {"result": gate}, "tests": {"result": tests}}))

    assert main(["verdict", "--may-skip", "tests"]) == code


@pytest.mark.parametrize("needs", ["", "{", "[]", "{}", '{"gate": 1}', '{"gate": {}}'])
def test_no_verdict_without_jobs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], needs: str
) -> None:
    monkeypatch.setenv("NEEDS", needs)

    assert main(["verdict"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
