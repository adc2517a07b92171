from pathlib import Path

import pytest

from cicd.build.utils.release_tags import extract, last_releases
from cicd.build.utils.rooms import ReleaseError, read_rooms
from cicd.tests.rooms_repo import RoomsRepo, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> RoomsRepo:
    return make_repo(tmp_path / "repo")


def last(repo: RoomsRepo) -> dict[str, str]:
    return last_releases(repo.folder, read_rooms(repo.folder)[0].values())


def test_the_last_release_is_the_highest_version_and_not_the_last_text(repo: RoomsRepo) -> None:
    assert last(repo) == {}

    for version in ("1.9.0", "1.10.0"):
        repo.release("libs/hemp", version)

    assert last(repo) == {"libs/hemp": "1.10.0"}


def test_a_release_in_another_history_does_not_count(repo: RoomsRepo) -> None:
    repo.release("libs/hemp", "1.0.0")
    repo.git("switch", "--quiet", "--create", "other")
    repo.release("libs/hemp", "2.0.0")
    repo.git("switch", "--quiet", "main")

    assert last(repo) == {"libs/hemp": "1.0.0"}


def test_a_tag_that_was_moved_is_told_with_the_way_back(repo: RoomsRepo) -> None:
    tag = repo.release("libs/hemp", "1.0.0")
    repo.commit()
    repo.git("tag", "--force", tag)

    with pytest.raises(ReleaseError, match=r"ropewalk-hemp/v1.0.0 was moved to .* --force"):
        last(repo)


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("ropewalk-hemp/v9.0.0", "was made by hand: no commit released 9.0.0"),
        ("ropewalk-hemp/v1.0", "names no version"),
    ],
)
def test_a_tag_that_no_release_made_is_told(repo: RoomsRepo, tag: str, told: str) -> None:
    repo.git("tag", tag)

    with pytest.raises(ReleaseError, match=f"{told}; delete it: git tag --delete {tag}"):
        last(repo)


def test_tags_of_others_are_left_alone(repo: RoomsRepo) -> None:
    repo.git("tag", "v1")
    repo.git("tag", "ropewalk-wool/v1")

    assert last(repo) == {}


def test_a_shallow_clone_and_no_repository_are_told(repo: RoomsRepo, tmp_path: Path) -> None:
    repo.commit()
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.folder}", str(tmp_path / "clone"))
    (tmp_path / "copy").mkdir()

    with pytest.raises(ReleaseError, match="git fetch --unshallow --tags"):
        last_releases(tmp_path / "clone", [])
    with pytest.raises(ReleaseError, match="copy is no git repository; take a clone"):
        last_releases(tmp_path / "copy", [])


def test_a_folder_comes_back_as_it_was(repo: RoomsRepo, tmp_path: Path) -> None:
    tag = repo.release("libs/hemp", "1.0.0")
    repo.write("libs/hemp/VERSION", "2.0.0\n")
    repo.commit()

    extract(repo.folder, tag, "libs/hemp", tmp_path / "hemp")

    assert (tmp_path / "hemp/VERSION").read_text() == "1.0.0\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hemp", "repo"]
