#!/usr/bin/env python3
"""Release the wheels of exactly the libs and apps that changed, as their change fragments say.

``plan`` tells which wheels get which version, and why. ``apply`` writes VERSION and CHANGELOG.md of
each in one commit, and then for one wheel after the other builds it from that commit, with a list
of its parts (CycloneDX) and its provenance (SLSA), publishes it and, last, tags the commit.

All that is made follows from the commit that HEAD is at: no clock is read. So ``apply`` can be
killed at any moment: run again, it ends as if it had not been. Run once more, it changes nothing.

Examples
--------
What would be released::

    cicd/release/release.sh plan

Publish to the index that the environment names (TWINE_REPOSITORY_URL, TWINE_USERNAME and
TWINE_PASSWORD, or TWINE_REPOSITORY as in ~/.pypirc), and push the commit and the tags::

    cicd/release/release.sh apply --push origin

Wheels alone, in dist/release::

    cicd/release/release.sh apply --no-publish
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cicd.build.utils.built_wheels import build, clone
from cicd.build.utils.environments import environment
from cicd.build.utils.release_tags import git, last_releases, release_commit
from cicd.build.utils.rooms import ReleaseError, Room, read_rooms
from cicd.release.release_plan import Plan, Release, make_plan, reach
from cicd.release.wheel_papers import parts_list, provenance

ROOT = Path(__file__).resolve().parents[2]
READ = ("libs", "apps", "pyproject.toml")
SECONDS = 600  # for one wheel to reach the index


@contextmanager
def files_of(root: Path, commit: str) -> Iterator[Path]:
    """Give a folder with what a release reads of a commit."""
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        tree = Path(temporary)
        archive = tree / "archive.tar"
        git(root, "archive", f"--output={archive}", commit, *READ)
        with tarfile.open(archive) as members:
            members.extractall(tree, filter="data")
        archive.unlink()
        yield tree


def dated(root: Path, commit: str) -> dict[str, str]:
    """Return the settings by which git takes the time of a commit for that of the next."""
    when = git(root, "log", "-1", "--format=%ct +0000", commit).strip()
    return {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}


def write_changelog(tree: Path, release: Release, date: str) -> None:
    """Let towncrier turn the fragments of a room into a section of its changelog."""
    folder = tree / release.room.folder
    (folder / "changes").mkdir(exist_ok=True)
    for name in release.follows:
        text = f"Works with {name}.\n"
        (folder / "changes" / f"+{name.split()[0]}.changed.md").write_text(text)
    command = [str(environment("versions") / "towncrier"), "build", "--yes", "--date", date]
    command += ["--config", str(tree / "pyproject.toml"), "--dir", str(folder)]
    result = subprocess.run(
        [*command, "--name", release.room.distribution, "--version", release.version],
        capture_output=True,
        text=True,
    )
    if result.returncode:
        said = " ".join((result.stdout + result.stderr).split())[-300:]
        raise ReleaseError(f"towncrier can't write {release.room.folder}/CHANGELOG.md: {said}")
    changelog = folder / "CHANGELOG.md"
    # towncrier puts two lines between sections.
    changelog.write_text(re.sub(r"\n{3,}", "\n\n", changelog.read_text()))


def write_commit(root: Path, tree: Path, releases: tuple[Release, ...]) -> str:
    """Return the commit that releases, on top of HEAD, without a change to the working tree."""
    when = dated(root, "HEAD")
    date = datetime.fromtimestamp(int(when["GIT_AUTHOR_DATE"].split()[0]), UTC).date().isoformat()
    changes = ""
    for release in releases:
        folder = release.room.folder
        write_changelog(tree, release, date)
        (tree / folder / "VERSION").write_text(f"{release.version}\n")
        for name in ("VERSION", "CHANGELOG.md"):
            blob = git(root, "hash-object", "-w", str(tree / folder / name)).strip()
            changes += f"100644 {blob}\t{folder}/{name}\n"
        for fragment in release.room.fragments:
            changes += f"0 {'0' * 40}\t{fragment.path}\n"
    index = {"GIT_INDEX_FILE": str(tree / "index")}
    git(root, "read-tree", "HEAD", **index)
    git(root, "update-index", "--add", "--index-info", given=changes, **index)
    made = git(root, "write-tree", **index).strip()
    titles = [release.title for release in releases]
    message = "Release " + (titles[0] if len(titles) == 1 else f"{len(titles)} wheels")
    if titles[1:]:
        message += "\n\n" + "\n".join(titles)
    return git(root, "commit-tree", made, "-p", "HEAD", "-m", message, **when).strip()


def refuse_dirty(root: Path, commit: str | None) -> None:
    """End if something is in no commit, unless it is what an earlier run began to check out."""
    status = git(root, "status", "--porcelain", "--no-renames", "-z").split("\0")
    dirty = [line[3:] for line in status if line]
    if not dirty:
        return
    if commit is not None:
        ours = git(root, "diff", "--name-only", "--no-renames", "HEAD", commit).splitlines()
        if set(dirty) <= set(ours) and not git(root, "diff", commit, "--", *dirty):
            git(root, "reset", "--quiet", "--hard", commit)
            return
    raise ReleaseError(f"{dirty[0]} has changes that are in no commit; commit or stash them first")


def push(root: Path, remote: str, *references: str) -> None:
    """Push what a release made; no force, so that what others pushed meanwhile ends it."""
    try:
        git(root, "push", "--quiet", remote, *references)
    except ReleaseError as error:
        raise ReleaseError(f"{error}; nothing of it is published: pull, and run it again") from None


def branch(root: Path) -> str:
    """Return the branch that is checked out."""
    name = git(root, "branch", "--show-current").strip()
    if not name:
        raise ReleaseError("no branch is checked out that could be pushed; git switch to one")
    return f"refs/heads/{name}"


def publish(wheel: Path) -> str:
    """Upload a wheel by twine, which takes the address and the login from the environment.

    Returns
    -------
    str
        Whether it was published now or was there.
    """
    # Only with --verbose does twine tell why an index said no.
    command = ["upload", "--verbose", "--non-interactive", "--disable-progress-bar"]
    try:
        result = subprocess.run(
            [environment("packaging") / "twine", *command, wheel],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "1000"},
        )
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"{wheel.name} was not uploaded within {SECONDS} seconds") from None
    if result.returncode == 0:
        return "published"
    said = " ".join(result.stdout.split())
    # What one index or another answers, whether an earlier run was killed after its upload or not:
    # a wheel is the same bytes whenever it is built.
    if re.search(r"\b409\b|already exist", said):
        return "was there before"
    address = urlsplit(os.environ.get("TWINE_REPOSITORY_URL", ""))
    for secret in (os.environ.get("TWINE_PASSWORD"), address.password, address.username):
        said = said.replace(secret, "***") if secret else said
    raise ReleaseError(f"{wheel.name} can't be published: {said[-300:]}; run it again when it can")


def store(root: Path, release: Release, repo: Path, wheels: Path, work: Path) -> Path:
    """Put a wheel and its papers into dist/release, all or nothing; return the wheel there."""
    rooms, _ = read_rooms(repo)

    def wheel_of(room: Room) -> Path:
        stem = room.distribution.replace("-", "_")
        return next(wheels.glob(f"{stem}-{room.version}-*.whl"))

    room = rooms[release.room.folder]
    wheel = wheel_of(room)
    others = [wheel_of(rooms[folder]) for folder in reach(room.folder, rooms)]
    commit = git(repo, "rev-parse", "HEAD").strip()
    kind = "library" if room.folder.startswith("libs/") else "application"
    target = root / "dist" / "release" / f"{room.distribution}-{room.version}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=work) as environment_folder,
        tempfile.TemporaryDirectory(dir=target.parent) as temporary,
    ):
        made = Path(temporary) / target.name
        made.mkdir()
        shutil.copy(wheel, made)
        for suffix, text in (
            ("cdx.json", parts_list(wheel, others, kind, Path(environment_folder))),
            ("intoto.json", provenance(wheel, repo, commit, release.tag)),
        ):
            (made / f"{wheel.name}.{suffix}").write_text(text)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return target / wheel.name


def finish(root: Path, releases: tuple[Release, ...], no_publish: bool) -> None:
    """Build, publish and tag each wheel whose release a commit has made."""
    of_commit: dict[str, list[Release]] = {}
    for release in releases:
        commit = release_commit(root, release.room, release.version)
        assert commit is not None  # its heading is in HEAD's changelog
        of_commit.setdefault(commit, []).append(release)
    for commit, those in of_commit.items():
        with tempfile.TemporaryDirectory(prefix="release-") as temporary:
            work = Path(temporary)
            clone(root, commit, work / "repo")
            rooms, _ = read_rooms(work / "repo")
            needed = {name for r in those for name in (r.room.folder, *reach(r.room.folder, rooms))}
            wheels = build(work / "repo", sorted(needed))
            for release in those:
                wheel = store(root, release, work / "repo", wheels, work)
                said = "not published" if no_publish else publish(wheel)
                when = dated(root, commit)
                git(root, "tag", "--annotate", "-m", release.title, release.tag, commit, **when)
                print(f"{release.title}: built, {said}, tagged {release.tag}", flush=True)


def tell(plan: Plan) -> None:
    """Print a plan for people."""
    for release in (*plan.unfinished, *plan.planned):
        before = f"{release.last} -> " if release.last else ""
        why = "; ".join(release.why)
        print(f"{release.room.distribution} {before}{release.version} ({why})", flush=True)
    if plan.unchanged:
        kept = ", ".join(f"{room.distribution} {room.version}" for room in plan.unchanged)
        print(f"unchanged: {kept}", flush=True)


def as_json(plan: Plan) -> str:
    """Return a plan for machines."""
    releases = [
        {
            "distribution": release.room.distribution,
            "folder": release.room.folder,
            "from": release.last,
            "to": release.version,
            "tag": release.tag,
            "why": release.why,
            "unfinished": release in plan.unfinished,
        }
        for release in (*plan.unfinished, *plan.planned)
    ]
    unchanged = [
        {"distribution": room.distribution, "folder": room.folder, "version": room.version}
        for room in plan.unchanged
    ]
    return json.dumps({"releases": releases, "unchanged": unchanged}, indent=2)


def apply(root: Path, remote: str | None, no_publish: bool) -> None:
    """Release what is planned, or what an earlier run left unfinished and then what is planned."""
    # twine's own default is the index of everyone.
    if not (no_publish or os.environ.keys() & {"TWINE_REPOSITORY_URL", "TWINE_REPOSITORY"}):
        raise ReleaseError(
            "where to publish is not said; set TWINE_REPOSITORY_URL, or TWINE_REPOSITORY to a "
            "name in ~/.pypirc, or give --no-publish"
        )
    where = branch(root) if remote else ""
    commit = None
    while True:
        with files_of(root, "HEAD") as tree:
            plan = make_plan(root, tree)
            if commit is None:
                tell(plan)
            commit = write_commit(root, tree, plan.planned) if plan.planned else None
            refuse_dirty(root, commit)
        if commit is not None:
            if remote:  # before this clone has it: whoever was faster ends it here
                push(root, remote, f"{commit}:{where}")
            git(root, "merge", "--quiet", "--ff-only", commit)
        elif plan.unfinished:
            if remote:
                push(root, remote, f"HEAD:{where}")
            finish(root, plan.unfinished, no_publish)
        else:
            break
    if remote:
        rooms = {room.folder: room for room in plan.unchanged}
        last = last_releases(root, rooms.values())
        push(root, remote, *(f"refs/tags/{rooms[name].tag(v)}" for name, v in last.items()))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan", help="tell what would be released, and why")
    plan.add_argument("--json", action="store_true", help="for machines")
    applies = commands.add_parser("apply", help="release it")
    applies.add_argument("--push", metavar="REMOTE", help="push the commit and the tags to there")
    applies.add_argument("--no-publish", action="store_true", help="upload nothing")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit code."""
    options = parse(arguments)
    try:
        if options.command == "apply":
            apply(options.root, options.push, options.no_publish)
            return 0
        with files_of(options.root, "HEAD") as tree:
            plan = make_plan(options.root, tree)
        print(as_json(plan)) if options.json else tell(plan)
        if git(options.root, "status", "--porcelain"):
            print("release: what is in no commit yet is not part of this", file=sys.stderr)
    except (ReleaseError, OSError, RuntimeError, UnicodeDecodeError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("release: interrupted; run it again and it goes on from there", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
