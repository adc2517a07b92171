"""Who approves what breaks, asked of a small repo with the real git and the real griffe."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cicd.build.utils import owners

EXPORT = "from ropewalk.sea.waves import wave\n__all__ = ['wave']\n"
NOTEBOOK = {"cells": [{"cell_type": "code", "source": ["%pylab\n", "import ropewalk.sea"]}]}
FILES = {
    "BUILD": '__defaults__(all=dict(tags=["team:platform"]))\n',
    "libs/sea/BUILD": 'lib(team="sailors")\n',
    "libs/sea/src/ropewalk/sea/__init__.py": EXPORT,
    "libs/sea/src/ropewalk/sea/waves.py": "def wave(height): pass\n",
    "libs/land/BUILD": 'lib(team="farmers")\n',
    "libs/land/src/ropewalk/land/__init__.py": "def field(): pass\n",
    "apps/ship/BUILD": 'app(team="captains")\n',
    "apps/ship/src/ropewalk/ship/run.py": "from ropewalk.sea import wave\n",
    "apps/farm/BUILD": 'app(team="cooks")\n',
    "apps/farm/src/ropewalk/farm/run.py": "from ropewalk import land\n",
    "notebooks/BUILD": 'files(tags=["team:teachers"])\n',
    "notebooks/lesson.ipynb": json.dumps(NOTEBOOK),
}
WAVES = "libs/sea/src/ropewalk/sea/waves.py"


def git(repo: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", repo, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    # Python as it may be, though not in UTF-8.
    (tmp_path / "notebooks/old.py").write_bytes(b"# coding: latin-1\n# caf\xe9 ropewalk sea\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "The first")
    return tmp_path


def ask(repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, owners.__file__, "--folder", str(repo), "--since", "main"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300)


def reasons(repo: Path) -> dict[str, list[str]]:
    result = ask(repo, "--json")
    assert result.returncode == 0, result.stderr
    return {each["team"]: each["reasons"] for each in json.loads(result.stdout)["approvals"]}


def test_a_break_is_for_those_who_import_the_lib_too(repo: Path) -> None:
    (repo / WAVES).write_text("def wave(): pass\n")

    why = "imports ropewalk.sea, whose public API breaks: ropewalk.sea.wave: parameter `height`"
    assert reasons(repo) == {
        "captains": [f"apps/ship {why} is gone"],
        "sailors": ["its files change"],
        "teachers": [f"notebooks {why} is gone"],
    }
    assert ask(repo).stdout == (
        f"captains\n  because apps/ship {why} is gone\n"
        f"sailors\n    {WAVES}\n  because its files change\n"
        f"teachers\n  because notebooks {why} is gone\n"
    )


@pytest.mark.parametrize(
    "waves",
    [
        "def wave(height, width=1): pass\n",
        "def wave(height): return 1\n",
        "def wave(height): pass\ndef other(): pass\n",
    ],
    ids=["new API", "other code", "what is not exported"],
)
def test_what_breaks_nobody_is_for_its_own_team(repo: Path, waves: str) -> None:
    (repo / WAVES).write_text(waves)

    assert reasons(repo) == {"sailors": ["its files change"]}


def test_a_lib_that_is_gone_breaks_those_who_import_it(repo: Path) -> None:
    git(repo, "rm", "--quiet", "-r", "libs/land")

    assert reasons(repo) == {
        "cooks": ["apps/farm imports ropewalk.land, whose public API breaks: the lib is gone"],
        "farmers": ["its files change"],
    }


def test_a_new_lib_breaks_nobody(repo: Path) -> None:
    code = repo / "libs/sky/src/ropewalk/sky/__init__.py"
    code.parent.mkdir(parents=True)
    code.write_text("def cloud(): pass\n")
    (repo / "libs/sky/BUILD").write_text('lib(team="pilots")\n')

    assert reasons(repo) == {"pilots": ["its files change"]}


def test_source_that_is_no_python_is_told_in_one_line(repo: Path) -> None:
    (repo / WAVES).write_text("def wave(:\n")

    result = ask(repo)

    assert result.returncode == 2
    assert result.stderr == f"owners: {repo / WAVES}:1 is no Python: invalid syntax\n"
    assert result.stdout == ""
