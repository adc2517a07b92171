"""Wheels, built by Pants out of a commit, and what is in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from cicd.build.utils.release_tags import git
from cicd.build.utils.rooms import ReleaseError

SECONDS = 1800


def clone(root: Path, commit: str, where: Path) -> None:
    """Check a commit out into a folder of its own, where nothing else can get into a wheel."""
    git(root, "clone", "--quiet", "--shared", "--no-checkout", "--no-tags", str(root), str(where))
    git(where, "checkout", "--quiet", "--detach", commit)


def build(repo: Path, folders: Iterable[str]) -> Path:
    """Build the wheels of rooms, dated as the commit that is checked out; return their folder."""
    wheels = repo / "dist" / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    epoch = git(repo, "log", "-1", "--format=%ct").strip()
    # No daemon: it would outlive the folder.
    command = ["./pants", "--no-pantsd", "--no-dynamic-ui", "--pants-distdir=dist/wheels"]
    try:
        result = subprocess.run(
            [*command, "package", *(f"{folder}:wheel" for folder in folders)],
            cwd=repo,
            env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            umask=0o022,  # a wheel holds the modes of its files
        )
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"Pants built no wheels within {SECONDS} seconds") from None
    if result.returncode:
        told = [line for line in result.stdout.splitlines() if line.strip()]
        raise ReleaseError(f"Pants can't build the wheels: {' '.join(told[-3:])}")
    return wheels


def content(wheel: Path) -> dict[str, bytes]:
    """Return what a wheel is made of, without what a release decides: versions and our ranges."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            base = name.partition(".dist-info/")[2]
            if not base:
                found[name] = archive.read(name)
            elif base not in ("RECORD", "WHEEL"):
                decided = rb"(?m)^(Version|Requires-Dist: ropewalk-).*\n"
                found[base] = re.sub(decided, b"", archive.read(name))
    return found
