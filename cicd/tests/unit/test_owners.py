import json
import subprocess
from pathlib import Path

import pytest

from cicd.build.utils.owners import imports, main

TABLE = (
    "# Models\n\n| team | support | stability |\n|---|---|---|\n| modelling | issues | stable |\n"
)
FILES = {
    "BUILD": '__defaults__(all=dict(tags=["team:platform"]))\n',
    "README.md": "",
    "docs/BUILD": "files(sources=['*.md'])\n",
    "docs/why.md": "",
    "libs/models/BUILD": 'lib(description="", team="modelling", third_party=[])\n',
    "libs/models/README.md": TABLE,
    "libs/models/src/BUILD": "sources()\n",
    "libs/models/src/ropewalk/models/ols.py": "",
}


def git(repo: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", repo, *identity, *arguments], check=True, capture_output=True)


def commit(repo: Path) -> None:
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "A change")


def write(repo: Path, name: str, text: str) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", tmp_path], check=True)
    for name, text in FILES.items():
        write(tmp_path, name, text)
    assert main(["--folder", str(tmp_path)]) == 0
    return tmp_path


def test_each_folder_has_the_team_of_its_build_file(repo: Path) -> None:
    assert (repo / "CODEOWNERS").read_text().splitlines()[1:] == [
        "/* @ropewalk/platform",
        "/docs/ @ropewalk/platform",
        "/libs/models/ @ropewalk/modelling",
    ]
    assert main(["--folder", str(repo), "--check"]) == 0


def test_red_when_stale(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = repo / "libs/models/BUILD"
    build.write_text(build.read_text().replace("modelling", "data-science"))

    assert main(["--folder", str(repo), "--check"]) == 1
    assert "CODEOWNERS is stale; run" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["attic/old.py", ".attic/old.yml"])
def test_red_when_a_file_has_no_owner(
    repo: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, name, "")

    assert main(["--folder", str(repo), "--check"]) == 1
    assert f"{name} has no owner" in capsys.readouterr().err


def test_folders_that_pants_does_not_see_have_a_team(repo: Path) -> None:
    write(repo, ".github/workflows/branch.yml", "")
    write(repo, ".ci/run", "")
    assert main(["--folder", str(repo)]) == 0

    owned = (repo / "CODEOWNERS").read_text()

    assert "/.github/ @ropewalk/platform\n" in owned
    assert "/.ci/ @ropewalk/platform\n" in owned


def test_red_when_a_folder_has_two_teams(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repo / "docs/BUILD").write_text('files(tags=["team:a"])\nfiles(name="b", tags=["team:b"])\n')

    assert main(["--folder", str(repo), "--check"]) == 1
    assert "docs/BUILD names a and b" in capsys.readouterr().err


def test_red_when_a_build_file_can_not_be_read(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "docs/BUILD", "files(\n")

    assert main(["--folder", str(repo), "--check"]) == 1
    assert capsys.readouterr().err == "owners: docs/BUILD:1 can't be read: '(' was never closed\n"


@pytest.mark.parametrize(
    ("readme", "told"),
    [
        (TABLE.replace("modelling", "serving"), "says team serving, its BUILD says modelling"),
        (TABLE.replace("| stable |", "| |"), "lacks a table of team, support, stability"),
        ("# Models\n", "lacks a table of team, support, stability"),
    ],
    ids=["another team", "no stability", "no table"],
)
def test_red_when_a_readme_does_not_tell_what_the_build_file_does(
    repo: Path, readme: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repo, "libs/models/README.md", readme)

    assert main(["--folder", str(repo), "--check"]) == 1
    assert capsys.readouterr().err.startswith(f"owners: libs/models/README.md {told}")


@pytest.fixture
def branch(repo: Path) -> Path:
    """A branch of the repo, where nothing has changed yet."""
    commit(repo)
    git(repo, "switch", "--quiet", "--create", "branch")
    return repo


def asked(repo: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Return what is said in JSON: the paths and the reasons of each team."""
    assert main(["--folder", str(repo), "--since", "main", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["since", "approvals"]
    assert answer["since"] == "main"
    assert all(list(each) == ["team", "paths", "reasons"] for each in answer["approvals"])
    return {each["team"]: (each["paths"], each["reasons"]) for each in answer["approvals"]}


def test_nobody_approves_nothing(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(branch, capsys) == {}
    assert main(["--folder", str(branch), "--since", "main"]) == 0
    assert capsys.readouterr().out == "nothing changed since main\n"


def test_each_path_is_for_its_team(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(branch, "README.md", "Committed.")
    commit(branch)
    write(branch, "libs/models/README.md", TABLE + "Not committed.")
    write(branch, "docs/new.md", "Not even tracked.")

    assert asked(branch, capsys) == {
        "modelling": (["libs/models/README.md"], ["its files change"]),
        "platform": (["README.md", "docs/new.md"], ["its files change"]),
    }
    assert main(["--folder", str(branch), "--since", "main"]) == 0
    assert capsys.readouterr().out == (
        "modelling\n    libs/models/README.md\n  because its files change\n"
        "platform\n    README.md\n    docs/new.md\n  because its files change\n"
    )


def test_what_the_target_branch_did_since_is_not_asked_for(
    branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(branch, "switch", "--quiet", "main")
    write(branch, "README.md", "Later.")
    commit(branch)
    git(branch, "switch", "--quiet", "branch")

    assert asked(branch, capsys) == {}


def test_a_path_that_is_gone_is_for_the_team_that_had_it(
    branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FILES:
        if name.startswith("libs"):
            (branch / name).unlink()

    gone = sorted(name for name in FILES if name.startswith("libs"))

    # Its code went with it, so that its API needs no look at.
    assert asked(branch, capsys) == {"modelling": (gone, ["its files change"])}


def test_a_path_that_changes_hands_is_for_both_teams(
    branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = "libs/models/BUILD"
    write(branch, build, (branch / build).read_text().replace("modelling", "training"))

    reasons = ["its files change", f"{build} goes from modelling to training"]

    assert asked(branch, capsys) == {
        "modelling": ([build], reasons),
        "training": ([build], reasons),
    }


def test_a_long_list_is_cut_for_a_person_alone(
    branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(9):
        write(branch, f"docs/{number}.md", "")

    assert len(asked(branch, capsys)["platform"][0]) == 9
    assert main(["--folder", str(branch), "--since", "main"]) == 0
    assert "    docs/4.md\n    and 4 more\n" in capsys.readouterr().out


def test_no_answer_where_a_changed_path_has_no_owner(
    branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(branch, "attic/old.py", "")

    assert main(["--folder", str(branch), "--since", "main"]) == 2
    assert capsys.readouterr().err.startswith("owners: attic/old.py has no owner; add a BUILD file")


@pytest.mark.parametrize("ref", ["mian", "-v", ""])
def test_unknown_ref_is_told_in_one_line(
    branch: Path, ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(branch), f"--since={ref}"]) == 2

    told = capsys.readouterr().err
    assert told.startswith(f"owners: there is no branch, tag or commit '{ref}'; ")
    assert told.count("\n") == 1


def test_clone_without_the_merge_base_is_told_in_one_line(
    branch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(branch, "README.md", "Later.")
    commit(branch)
    shallow = tmp_path / "shallow"
    git(
        branch, "clone", "--quiet", "--depth=1", "--no-single-branch", branch.as_uri(), str(shallow)
    )

    assert main(["--folder", str(shallow), "--since", "origin/main"]) == 2
    assert capsys.readouterr().err == (
        "owners: no common commit with origin/main is here; "
        "a shallow clone needs more history (git fetch --unshallow)\n"
    )


@pytest.mark.parametrize("question", [("--check",), ("--since", "main"), ()])
def test_folder_without_git_is_told_in_one_line(
    tmp_path: Path, question: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--folder", str(tmp_path), *question]) == 2

    told = capsys.readouterr().err
    assert told.startswith("owners: git can't tell ")
    assert told.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("question", [("--check",), ("--since", "main")])
def test_machine_without_git_is_told_in_one_line(
    branch: Path,
    question: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "")

    assert main(["--folder", str(branch), *question]) == 2
    assert capsys.readouterr().err.startswith("owners: git is not installed; ")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import ropewalk.features", True),
        ("import ropewalk.features.errors as e", True),
        ("from ropewalk import models, features", True),
        ("from ropewalk.features.errors import FeatureError", True),
        ("def f():\n    from ropewalk import (\n        features,\n    )", True),
        ("%matplotlib inline\nfrom ropewalk import features", True),
        ("import ropewalk.features_of_old", False),
        ("from ropewalk.trainer import features", False),
        ("from .ropewalk import features", False),
        ("NAME = 'ropewalk.features'", False),
    ],
)
def test_imports(source: str, expected: bool) -> None:
    assert imports(source, "features") is expected
