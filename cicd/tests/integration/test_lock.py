"""The locks' own command with the real resolver, on a folder of two small requirements files."""

import subprocess
import sys
from pathlib import Path

import pytest

from cicd.build.utils import lock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "default-requirements.txt").write_text("six>=1.15,<1.16\n")
    (tmp_path / "dev-requirements.txt").write_text("")
    result = run(tmp_path)
    assert result.returncode == 0, result.stderr
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, lock.__file__, "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_stale_after_its_requirements_changed_and_fresh_once_made_again(folder: Path) -> None:
    made = (folder / "default.lock").read_text()
    assert "six==1.15.0" in made
    assert "--hash=sha256:" in made
    assert "://" not in made
    assert run(folder, "--check").returncode == 0

    (folder / "default-requirements.txt").write_text("six>=1.16,<1.17\n")
    stale = run(folder, "--check")

    assert stale.returncode == 1
    assert stale.stderr == "lock: default.lock not up to date; run cicd/build/utils/lock.py\n"
    assert (folder / "default.lock").read_text() == made
    assert run(folder).returncode == 0
    assert run(folder, "--check").returncode == 0


def test_what_no_index_has_is_one_line(folder: Path) -> None:
    made = (folder / "default.lock").read_text()
    (folder / "default-requirements.txt").write_text("six>=1000\n")

    result = run(folder)

    assert result.returncode == 1
    assert result.stderr.startswith("lock: default.lock can't be resolved: ")
    assert len(result.stderr.splitlines()) == 1
    assert (folder / "default.lock").read_text() == made
