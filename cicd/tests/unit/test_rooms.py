import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd.build.utils.rooms import KINDS, ReleaseError, bumped, fits, numbers, read_rooms, wanted
from cicd.tests.rooms_repo import RoomsRepo, make_repo

VERSIONS = st.tuples(*[st.integers(0, 99)] * 3).map(lambda each: ".".join(map(str, each)))


@pytest.fixture
def repo(tmp_path: Path) -> RoomsRepo:
    return make_repo(tmp_path / "repo")


def test_a_room_comes_after_those_that_it_needs(repo: RoomsRepo) -> None:
    rooms, problems = read_rooms(repo.folder)

    assert problems == []
    assert list(rooms) == ["libs/hemp", "libs/tar", "apps/rope"]
    assert rooms["apps/rope"].needs == {"libs/hemp", "libs/tar"}
    assert rooms["apps/rope"].distribution == "ropewalk-rope"


def test_fragments_are_named_as_towncrier_names_them(repo: RoomsRepo) -> None:
    for name in ("12.fixed.md", "12.fixed.2.md", "+long-fibre.added.md"):
        repo.write(f"libs/hemp/changes/{name}", "Longer.\n")
    repo.write("libs/hemp/changes/README.md", "# Changes\n")

    rooms, problems = read_rooms(repo.folder)

    assert problems == []
    assert [each.kind for each in rooms["libs/hemp"].fragments] == ["added", "fixed", "fixed"]
    assert rooms["libs/hemp"].bump == KINDS["added"]
    assert rooms["libs/tar"].bump is None


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("libs/hemp/VERSION", "1.4\n", "libs/hemp/VERSION says '1.4', which is no version"),
        ("libs/hemp/VERSION", "01.4.0\n", "which is no version; write three numbers, like 1.4.0"),
        ("libs/hemp/VERSION", "", "libs/hemp/VERSION is missing or empty"),
        ("libs/hemp/changes/x.bogus.md", "X.", "x.bogus.md is no change fragment; call it NAME.K"),
        ("libs/hemp/changes/added.md", "X.", "added.md is no change fragment"),
        ("libs/hemp/changes/+x.added.txt", "X.", "+x.added.txt is no change fragment"),
        ("libs/hemp/changes/+x.added.md", " \n", "+x.added.md is empty; say in a line"),
        ("libs/wool/changes/+x.added.md", "X.", "libs/wool/changes has fragments of no lib and"),
        ("libs/hemp/src/ropewalk/hemp/a.py", "import ropewalk.rope", "apps/rope -> libs/hemp"),
    ],
)
def test_each_fault_is_a_line(repo: RoomsRepo, path: str, text: str, told: str) -> None:
    repo.write(path, text)

    _, problems = read_rooms(repo.folder)

    assert len(problems) == 1
    assert told in problems[0]


def test_code_that_is_none_is_told_with_its_place(repo: RoomsRepo) -> None:
    repo.write("libs/hemp/src/ropewalk/hemp/a.py", "import ropewalk.tar\ndef\n")

    with pytest.raises(ReleaseError, match=r"a.py can't be read, line 2"):
        read_rooms(repo.folder)


def test_towncrier_knows_the_same_kinds_in_the_same_order() -> None:
    settings = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["towncrier"]

    assert [each["directory"] for each in settings["type"]] == list(KINDS)


@given(VERSIONS, st.sampled_from([0, 1, 2]))
def test_a_bump_leaves_the_range_only_if_it_is_major(version: str, place: int) -> None:
    following = bumped(version, place)

    assert numbers(following) > numbers(version)
    assert fits(following, version) == (place > 0)
    assert not fits(version, following)


def test_the_range_ends_at_the_next_break() -> None:
    assert wanted("1.4.2") == ">=1.4.2,<2"
