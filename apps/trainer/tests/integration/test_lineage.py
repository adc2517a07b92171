import hashlib
import subprocess
from pathlib import Path

import pytest

from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.lineage import COMMIT_VARIABLE, LOCK, describe_code, describe_run


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a repository with a lock and one commit."""
    folder = tmp_path / "clone"
    (folder / LOCK).parent.mkdir(parents=True)
    (folder / LOCK).write_text("numpy==2.4.6\n")
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "--message=One"],
    ):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    return folder


def test_commit_and_lock_of_a_clone(clone: Path) -> None:
    head = subprocess.run(
        ["git", "-C", clone, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )

    assert describe_code(clone / "3rdparty") == {
        "commit": head.stdout.strip(),
        "uncommitted": False,
        "lock_sha256": hashlib.sha256(b"numpy==2.4.6\n").hexdigest(),
    }


def test_a_changed_file_is_told_and_a_new_one_is_not(clone: Path) -> None:
    (clone / "artifact").touch()
    assert describe_code(clone)["uncommitted"] is False

    (clone / LOCK).write_text("numpy==2.4.7\n")

    assert describe_code(clone)["uncommitted"] is True


def test_outside_a_clone_the_image_tells_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMIT_VARIABLE, "1234abcd")

    told = describe_code(tmp_path)

    assert told == {"commit": "1234abcd", "uncommitted": None, "lock_sha256": None}


def test_without_git_nothing_is_known(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(COMMIT_VARIABLE, raising=False)

    assert set(describe_code(clone).values()) == {None}


def test_another_configuration_has_another_hash(config_path: Path) -> None:
    told = [describe_run(read_config(config_path, {"seed": seed})) for seed in ("1", "1", "2")]

    assert told[0] == told[1]
    assert told[0]["config_sha256"] != told[2]["config_sha256"]
    assert told[0]["environment"]
