from pathlib import Path

import pytest

from cicd.build.utils.rooms import ReleaseError
from cicd.release.release_wheels import main, push, refuse_dirty
from cicd.tests.rooms_repo import RoomsRepo, make_repo

ROOMS = ("libs/hemp", "libs/tar", "apps/rope")


@pytest.fixture
def repo(tmp_path: Path) -> RoomsRepo:
    """All rooms are released."""
    repo = make_repo(tmp_path / "repo")
    for folder in ROOMS:
        repo.release(folder, "1.0.0")
    return repo


def test_a_commit_that_was_half_checked_out_is_checked_out(repo: RoomsRepo) -> None:
    before = repo.git("rev-parse", "HEAD")
    repo.release("libs/hemp", "1.1.0")
    after = repo.git("rev-parse", "HEAD")
    repo.git("reset", "--quiet", "--hard", before)
    repo.git("restore", f"--source={after}", "libs/hemp/VERSION")

    refuse_dirty(repo.folder, after)

    assert repo.git("rev-parse", "HEAD") == after
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("libs/hemp/VERSION", "1.2.0\n"),
        ("libs/tar/VERSION", "1.1.0\n"),
        ("libs/hemp/changes/+x.added.md", "X.\n"),
    ],
)
def test_anybodys_change_that_is_in_no_commit_ends_it(
    repo: RoomsRepo, path: str, text: str
) -> None:
    before = repo.git("rev-parse", "HEAD")
    repo.release("libs/hemp", "1.1.0")
    after = repo.git("rev-parse", "HEAD")
    repo.git("reset", "--quiet", "--hard", before)
    repo.git("restore", f"--source={after}", "libs/hemp/CHANGELOG.md")
    repo.write(path, text)

    with pytest.raises(ReleaseError, match="in no commit; commit or stash them first"):
        refuse_dirty(repo.folder, after)

    assert repo.git("rev-parse", "HEAD") == before
    assert (repo.folder / path).read_text() == text


def test_released_twice_nothing_changes(
    repo: RoomsRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    before = repo.git("rev-parse", "HEAD"), repo.git("show-ref")

    assert main(["--root", str(repo.folder), "apply", "--no-publish"]) == 0

    assert (repo.git("rev-parse", "HEAD"), repo.git("show-ref")) == before
    assert capsys.readouterr().out == (
        "unchanged: ropewalk-hemp 1.0.0, ropewalk-tar 1.0.0, ropewalk-rope 1.0.0\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["apply"], "where to publish is not said; set TWINE_REPOSITORY_URL"),
        (["apply", "--no-publish", "--push", "origin"], "no branch is checked out"),
        (["apply", "--no-publish"], "notes.txt has changes that are in no commit"),
    ],
)
def test_what_forbids_a_release_is_one_line(
    repo: RoomsRepo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.delenv("TWINE_REPOSITORY_URL", raising=False)
    monkeypatch.delenv("TWINE_REPOSITORY", raising=False)
    repo.git("switch", "--quiet", "--detach")
    repo.write("notes.txt", "mine\n")

    code = main(["--root", str(repo.folder), *arguments])

    lines = capsys.readouterr().err.splitlines()
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("release: ")
    assert told in lines[0]


def test_a_copy_without_git_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "plan"]) == 2

    assert "is no git repository; take a clone, not a copy" in capsys.readouterr().err


def test_who_was_faster_ends_it_in_one_line(repo: RoomsRepo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--bare", str(repo.folder), str(tmp_path / "origin.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    repo.commit("Theirs")
    repo.git("push", "--quiet", "origin", "main")
    repo.git("reset", "--quiet", "--hard", "HEAD^")
    ours = repo.commit("Ours")

    with pytest.raises(ReleaseError, match=r"\[rejected\].*; nothing .* pull, and run it again"):
        push(repo.folder, "origin", f"{ours}:refs/heads/main")
