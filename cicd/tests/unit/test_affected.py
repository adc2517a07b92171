"""The rules for what the graph does not hold, on a graph of five targets."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from cicd.build.utils.affected import Affected, by_room, explain, render
from cicd.build.utils.changes import git
from cicd.build.utils.graph import Graph, Target
from cicd.build.utils.reach import (
    CODE_LOCK,
    Change,
    by_pins,
    by_rule,
    defaults,
    folder_of,
    record_causes,
    spread,
    why_everything,
)

SOURCE = "libs/x/src/ropewalk/x/a.py"
GRAPH: Graph = {
    f"{SOURCE}:../../src": Target("python_source", (SOURCE,), ("3rdparty/python#numpy",), (), "1"),
    "3rdparty/python#numpy": Target("python_requirement", (), (), (), "numpy>=2"),
    "libs/x/tests/test_a.py:../unit": Target(
        "python_test", ("libs/x/tests/test_a.py",), (f"{SOURCE}:../../src",), ("team:x",), "2"
    ),
    "libs/x/README.md:docs": Target("file", ("libs/x/README.md",), (), (), "3"),
    "libs/x:docs": Target("files", ("libs/x/README.md",), ("libs/x/README.md:docs",), (), "4"),
}


def change(paths: dict[str, str], old: Graph = GRAPH, new: Graph = GRAPH) -> Change:
    return Change("HEAD", paths, old, new)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "libs/x").mkdir(parents=True)
    (tmp_path / "libs/x/BUILD").touch()
    (tmp_path / "3rdparty/python").mkdir(parents=True)
    (tmp_path / "3rdparty/python/BUILD").touch()
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        *("pants", "pants.toml", "pants.ci.toml", "macros.py", "pyproject.toml", ".coveragerc"),
        *("cicd/build/bootstrap_pants.py", "cicd/build/run_tests.py"),
        "cicd/build/pants_plugin/version_file/register.py",
        "cicd/build/docker/Dockerfile",
        *("3rdparty/python/tools/pants.lock", "3rdparty/python/tools/pex.lock"),
    ],
)
def test_what_decides_how_targets_are_read_or_run_is_everything(root: Path, path: str) -> None:
    reasons = why_everything(root, change({path: "M"}))

    assert reasons[path].startswith("everything: ")


def test_a_text_beside_them_is_not_everything(root: Path) -> None:
    assert why_everything(root, change({"cicd/build/docker/README.md": "M"})) == {}


def test_same_record_with_another_tag_is_no_change() -> None:
    address = "libs/x/tests/test_a.py:../unit"
    new = GRAPH | {address: dataclasses.replace(GRAPH[address], tags=("team:y",))}

    assert record_causes(change({"libs/x/BUILD": "M"}, new=new)) == {}


def test_lost_dependency_is_a_change_by_the_file_that_is_gone() -> None:
    gone = f"{SOURCE}:../../src"
    test = "libs/x/tests/test_a.py:../unit"
    new = {name: target for name, target in GRAPH.items() if name != gone}
    new[test] = dataclasses.replace(GRAPH[test], dependencies=())

    assert record_causes(change({SOURCE: "D"}, new=new)) == {test: SOURCE}


def test_causes_spread_by_the_shortest_way() -> None:
    causes = spread(GRAPH, {"3rdparty/python#numpy": "default.lock"})

    assert causes == {
        "3rdparty/python#numpy": "default.lock",
        f"{SOURCE}:../../src": "3rdparty/python#numpy",
        "libs/x/tests/test_a.py:../unit": f"{SOURCE}:../../src",
    }
    assert explain(Affected("main", causes=causes), f"{SOURCE}:../../src") == [
        *("default.lock", "3rdparty/python#numpy", f"{SOURCE}:../../src")
    ]


def test_unowned_file_counts_for_the_nearest_build_file(root: Path) -> None:
    reasons: dict[str, str] = {}

    causes = by_rule(root, change({"libs/x/data/new.bin": "A"}), reasons)

    assert causes == dict.fromkeys(
        ["libs/x/tests/test_a.py:../unit", "libs/x/README.md:docs", "libs/x:docs"],
        "libs/x/data/new.bin",
    )
    assert reasons["libs/x/data/new.bin"].startswith("no target owns it")


def test_unowned_file_at_the_root_counts_for_everything(root: Path) -> None:
    reasons: dict[str, str] = {}

    by_rule(root, change({"new.bin": "A"}), reasons)

    assert reasons["new.bin"].startswith("everything: ")


def test_new_pin_reaches_those_who_need_it_and_tests_that_get_the_whole_lock(root: Path) -> None:
    lock = root / CODE_LOCK
    lock.write_text("numpy==1\nrich==1\n")
    git(root, "add", "--all")
    git(root, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "old")
    lock.write_text("numpy==1\nrich==2\n")
    bare = Target("python_test", ("libs/x/tests/test_b.py",), (), (), "")
    new = GRAPH | {"libs/x/tests/test_b.py:../unit": bare}
    reasons: dict[str, str] = {}

    found = by_pins(root, change({CODE_LOCK: "M"}, new=new), reasons)

    assert found == {"libs/x/tests/test_b.py:../unit": CODE_LOCK}
    assert reasons[CODE_LOCK].endswith(": rich")


@pytest.mark.parametrize(
    ("address", "sources", "folder"),
    [
        ("libs/x:wheel", (), "libs/x"),
        ("libs/x/VERSION:docs", ("libs/x/VERSION",), "libs/x"),
        ("libs/x/tests/unit/test_a.py:../../unit", ("libs/x/tests/unit/test_a.py",), "libs/x"),
        ("//README.md:root", ("README.md",), ""),
        ("//:root", ("README.md",), ""),
        ("3rdparty/python#numpy", (), "3rdparty/python"),
        ("docs/a.md", ("docs/a.md",), "docs"),
    ],
)
def test_folder_of_the_build_file(address: str, sources: tuple[str, ...], folder: str) -> None:
    assert folder_of(address, Target("any", sources, (), (), "")) == folder


def test_defaults_are_compared_and_not_comments() -> None:
    text = "__defaults__(all=dict(tags=['a']))\n"

    assert defaults(text) == defaults(f"# more\n{text}python_tests()\n")
    assert defaults(text) != defaults(text.replace("'a'", "'b'"))
    assert defaults("lib(") == []


def test_rooms_are_counted_together() -> None:
    assert by_room(["//:root", "libs/x:a", "libs/x/src/b.py:src"]) == "libs/x 2, root 1"


def test_a_person_reads_the_answer_without_scrolling() -> None:
    result = Affected("main", changed=[f"a{i}" for i in range(50)], tests={"libs/x/t.py"})

    lines = render(result).splitlines()

    assert lines[0] == "since main: 50 files changed"
    assert "  ... and 30 more" in lines
    assert len(lines) < 40
