"""Where a model comes from: the configuration, the code and what it ran on."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

from ropewalk.models import describe_environment
from ropewalk.trainer.configuration import TrainerConfig

LOCK = Path("3rdparty/python/default.lock")
# An image has no repository to ask; its build gives the commit.
COMMIT_VARIABLE = "GIT_COMMIT"
GIT_SECONDS = 10


def describe_run(config: TrainerConfig) -> dict[str, object]:
    """Tell what made a model, besides its rows.

    The same data, configuration, lock, processor and number of threads make the same model.

    Parameters
    ----------
    config : TrainerConfig
        What was asked for.

    Returns
    -------
    dict
        `name` and `config`, with `config_sha256`; `code`, as `describe_code` gives it; and
        `environment`, as `ropewalk.models.describe_environment` gives it.
    """
    asked = json.loads(config.model_dump_json())
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return {
        "name": config.name,
        "config": asked,
        "config_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "code": describe_code(Path()),
        "environment": describe_environment(),
    }


def describe_code(folder: Path) -> dict[str, object]:
    """Tell which commit is checked out in a folder, and which lock it has.

    Parameters
    ----------
    folder : Path
        In a clone of the repository, or anywhere.

    Returns
    -------
    dict
        `commit`; `uncommitted`, whether a file of it was changed; `lock_sha256`. Each is None
        where it can't be known: outside a clone the versions of the environment still tell.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        return {
            "commit": os.environ.get(COMMIT_VARIABLE),
            "uncommitted": None,
            "lock_sha256": None,
        }
    lock = Path(top, LOCK)
    return {
        "commit": _git(folder, "rev-parse", "--verify", "--quiet", "HEAD"),
        "uncommitted": bool(_git(folder, "status", "--porcelain", "--untracked-files=no")),
        "lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
    }


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        found = subprocess.run(  # noqa: S603 (git, and arguments of ours)
            command, capture_output=True, text=True, check=True, timeout=GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):  # no git, no clone, or no answer
        return None
    return found.stdout.strip()
