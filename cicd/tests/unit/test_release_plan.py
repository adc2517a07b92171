from pathlib import Path

import pytest

from cicd.build.utils.rooms import ReleaseError
from cicd.release.release_plan import make_plan
from cicd.tests.rooms_repo import RoomsRepo, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> RoomsRepo:
    return make_repo(tmp_path / "repo")


@pytest.fixture
def released(repo: RoomsRepo) -> RoomsRepo:
    """All rooms are released."""
    for folder in ("libs/hemp", "libs/tar", "apps/rope"):
        repo.release(folder, "1.0.0")
    return repo


def planned(repo: RoomsRepo) -> dict[str, tuple[str, str]]:
    plan = make_plan(repo.folder, repo.folder)
    assert plan.unfinished == ()
    return {each.room.folder: (each.version, "; ".join(each.why)) for each in plan.planned}


def test_what_was_never_released_gets_the_version_that_it_has(repo: RoomsRepo) -> None:
    repo.release("libs/hemp", "1.0.0")
    repo.write("libs/tar/changes/+x.breaking.md", "X.\n")

    assert planned(repo) == {
        "libs/tar": ("1.0.0", "first release"),
        "apps/rope": ("1.0.0", "first release"),
    }


def test_nothing_is_planned_after_a_release(released: RoomsRepo) -> None:
    assert planned(released) == {}


@pytest.mark.parametrize(
    ("kinds", "version", "why"),
    [
        (["fixed", "internal"], "1.0.1", "patch: 1 fixed; patch: 1 internal"),
        (["fixed", "added"], "1.1.0", "minor: 1 added; patch: 1 fixed"),
        (["changed"], "1.1.0", "minor: 1 changed"),
    ],
)
def test_a_lib_is_released_alone(
    released: RoomsRepo, kinds: list[str], version: str, why: str
) -> None:
    for kind in kinds:
        released.write(f"libs/hemp/changes/+x.{kind}.md", "X.\n")

    assert planned(released) == {"libs/hemp": (version, why)}


def test_a_major_version_takes_along_those_whose_range_it_leaves(released: RoomsRepo) -> None:
    released.write("libs/hemp/changes/+x.breaking.md", "X.\n")

    assert planned(released) == {
        "libs/hemp": ("2.0.0", "major: 1 breaking"),
        "apps/rope": (
            "1.0.1",
            "patch: ropewalk-hemp 2.0.0 is outside >=1.0.0,<2, which 1.0.0 asks for",
        ),
    }


def test_an_apps_own_change_counts_more_than_the_range(released: RoomsRepo) -> None:
    released.write("libs/hemp/changes/+x.breaking.md", "X.\n")
    released.write("apps/rope/changes/+x.added.md", "X.\n")

    assert planned(released)["apps/rope"][0] == "1.1.0"


def test_a_wheel_asks_for_what_its_libs_need_too(repo: RoomsRepo) -> None:
    repo.room("libs/hemp", code="import ropewalk.tar\n")
    repo.room("apps/rope", code="import ropewalk.hemp\n")
    for folder in ("libs/tar", "libs/hemp", "apps/rope"):
        repo.release(folder, "1.0.0")
    repo.write("libs/tar/changes/+x.breaking.md", "X.\n")

    versions = {folder: version for folder, (version, _) in planned(repo).items()}

    assert versions == {"libs/tar": "2.0.0", "libs/hemp": "1.0.1", "apps/rope": "1.0.1"}


def test_a_release_without_its_tag_is_unfinished(released: RoomsRepo) -> None:
    tag = released.release("libs/hemp", "1.1.0")
    released.git("tag", "--delete", tag)
    released.write("libs/tar/changes/+x.added.md", "X.\n")

    plan = make_plan(released.folder, released.folder)

    assert [(each.tag, each.last) for each in plan.unfinished] == [(tag, "1.0.0")]
    assert plan.planned == ()


def test_a_version_written_by_hand_is_told(released: RoomsRepo) -> None:
    released.write("libs/hemp/VERSION", "1.2.0\n")

    with pytest.raises(ReleaseError, match=r"VERSION says 1.2.0, but the last release is 1.0.0"):
        make_plan(released.folder, released.folder)


def test_a_version_that_another_branch_released_is_told(released: RoomsRepo) -> None:
    released.git("switch", "--quiet", "--create", "other")
    released.release("libs/hemp", "1.1.0")
    released.git("switch", "--quiet", "main")
    released.write("libs/hemp/changes/+x.added.md", "X.\n")

    with pytest.raises(ReleaseError, match=r"v1.1.0 is there, in a history that this branch"):
        make_plan(released.folder, released.folder)


def test_the_first_of_several_faults_is_told_with_their_number(repo: RoomsRepo) -> None:
    repo.write("libs/hemp/VERSION", "one\n")
    repo.write("libs/tar/VERSION", "two\n")

    with pytest.raises(ReleaseError, match=r"libs/hemp/VERSION says 'one'.* \(and 1 more\)"):
        make_plan(repo.folder, repo.folder)
