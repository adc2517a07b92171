"""What was released: the tags ``ropewalk-features/v1.4.0``, and the rooms as they were there."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cicd.build.utils.rooms import VERSION, ReleaseError, Room, numbers


def git(root: Path, *arguments: str, given: str = "", **settings: str) -> str:
    """Run git in a repository and return what it printed; its first complaint is the error."""
    try:
        result = subprocess.run(
            ["git", "-C", root, *arguments],
            capture_output=True,
            text=True,
            input=given,
            env={**os.environ, **settings},
        )
    except FileNotFoundError:
        raise ReleaseError("git is not on PATH; install it (Debian: apt-get install git)") from None
    if result.returncode:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        lines.append(f"ended with {result.returncode}")
        told = (line for line in lines if line.startswith(("fatal: ", "error: ", "! ")))
        said = next(told, lines[0])
        if "not a git repository" in said:
            raise ReleaseError(f"{root} is no git repository; take a clone, not a copy")
        raise ReleaseError(f"git {arguments[0]}: {said}")
    return result.stdout


def heading(version: str) -> str:
    """Return how the section of a released version begins in CHANGELOG.md."""
    return f"## {version} ("


def release_commit(root: Path, room: Room, version: str) -> str | None:
    """Return the commit that wrote a version into the room's changelog: its release, if any."""
    log = ("log", "--reverse", "--format=%H", f"-S{heading(version)}", "--")
    return next(iter(git(root, *log, f"{room.folder}/CHANGELOG.md").splitlines()), None)


def last_releases(root: Path, rooms: Iterable[Room]) -> dict[str, str]:
    """Return the last released version of each room that HEAD's history has a tag of.

    Raises
    ------
    ReleaseError
        If a tag is on another commit than the one that released its version.
    """
    if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise ReleaseError("this clone is shallow; get the rest: git fetch --unshallow --tags")
    listed = git(
        *(root, "for-each-ref", "--merged=HEAD", "refs/tags/ropewalk-*/v*"),
        "--format=%(refname:strip=2) %(objectname) %(*objectname)",
    )
    commits = {line.split()[0]: line.split()[-1] for line in listed.splitlines()}
    last = {}
    for room in rooms:
        prefix = room.tag("")
        versions = [tag.removeprefix(prefix) for tag in commits if tag.startswith(prefix)]
        for version in versions:
            if not VERSION.fullmatch(version):
                raise ReleaseError(
                    f"the tag {room.tag(version)} names no version; "
                    f"delete it: git tag --delete {room.tag(version)}"
                )
        if not versions:
            continue
        version = last[room.folder] = max(versions, key=numbers)
        tag, made = room.tag(version), release_commit(root, room, version)
        if made is None:
            raise ReleaseError(
                f"the tag {tag} was made by hand: no commit released {version}; "
                f"delete it: git tag --delete {tag}"
            )
        if commits[tag] != made:
            raise ReleaseError(
                f"the tag {tag} was moved to {commits[tag][:12]}, but {made[:12]} released "
                f"{version}; take the tag of the remote again: git fetch --tags --force"
            )
    return last


def extract(root: Path, commit: str, folder: str, target: Path) -> None:
    """Write a folder as it was at a commit; ``target`` appears whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        archive = Path(work) / "archive.tar"
        git(root, "archive", f"--output={archive}", commit, folder)
        with tarfile.open(archive) as members:
            members.extractall(work, filter="data")
        (Path(work) / folder).rename(target)
