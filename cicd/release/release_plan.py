"""Which wheels are released next, with which version and why."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from cicd.build.utils.release_tags import git, heading, last_releases
from cicd.build.utils.rooms import (
    BUMPS,
    KINDS,
    PATCH,
    ReleaseError,
    Room,
    bumped,
    fits,
    read_rooms,
    wanted,
)


@dataclass(frozen=True)
class Release:
    """A version that a room gets.

    Parameters
    ----------
    room
        What is released.
    last, version
        Its version before, if it had one, and now.
    why
        A line for each reason.
    follows
        New versions of our libs that its last release did not allow.
    """

    room: Room
    last: str | None
    version: str
    why: tuple[str, ...]
    follows: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The tag that tells that all of it is done."""
        return self.room.tag(self.version)

    @property
    def title(self) -> str:
        """The wheel and its version."""
        return f"{self.room.distribution} {self.version}"


@dataclass(frozen=True)
class Plan:
    """What is to be released, each wheel after those that it asks for.

    Parameters
    ----------
    unfinished
        What a commit has released already, and no tag says that it is done.
    planned
        What the next commit releases.
    unchanged
        Rooms that keep their version.
    """

    unfinished: tuple[Release, ...]
    planned: tuple[Release, ...]
    unchanged: tuple[Room, ...]


def reach(folder: str, rooms: dict[str, Room]) -> list[str]:
    """Return all rooms that one needs, directly or not: its wheel asks for each of them."""
    found: set[str] = set()
    todo = [folder]
    while todo:
        new = rooms[todo.pop()].needs & rooms.keys() - found
        found |= new
        todo += new
    return [name for name in rooms if name in found]


def version_at(root: Path, tag: str, folder: str) -> str | None:
    """Return the version that a room had at a tag, if it was there."""
    result = subprocess.run(
        ["git", "-C", root, "show", f"{tag}:{folder}/VERSION"], capture_output=True, text=True
    )
    return result.stdout.strip() or None


def next_release(
    root: Path, room: Room, last: str | None, rooms: dict[str, Room], versions: dict[str, str]
) -> Release | None:
    """Return what a room gets, given the versions that the rooms it needs will have."""
    if last is None:
        return Release(room, None, room.version, ("first release",))
    if room.version != last:
        raise ReleaseError(
            f"{room.folder}/VERSION says {room.version}, but the last release is {last}; write "
            f"{last} again: the release moves it, as the fragments say"
        )
    places = [KINDS[fragment.kind] for fragment in room.fragments]
    why = [
        f"{BUMPS[KINDS[kind]]}: {number} {kind}"
        for kind in KINDS
        if (number := sum(fragment.kind == kind for fragment in room.fragments))
    ]
    follows = []
    for folder in reach(room.folder, rooms):
        lowest = version_at(root, room.tag(last), folder)
        if lowest is not None and not fits(versions[folder], lowest):
            places.append(PATCH)
            name = f"{rooms[folder].distribution} {versions[folder]}"
            why.append(f"patch: {name} is outside {wanted(lowest)}, which {last} asks for")
            follows.append(name)
    if not places:
        return None
    return Release(room, last, bumped(last, min(places)), tuple(why), tuple(follows))


def make_plan(root: Path, tree: Path) -> Plan:
    """Return the plan for what HEAD has.

    Parameters
    ----------
    root
        The repository.
    tree
        A folder with the files of HEAD.

    Raises
    ------
    ReleaseError
        If something forbids any release: a version, a fragment, a tag, or a cycle.
    """
    rooms, problems = read_rooms(tree)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ReleaseError(problems[0] + more)
    last = last_releases(root, rooms.values())
    unfinished = tuple(
        Release(room, last.get(folder), room.version, ("its commit is there, its tag is not",))
        for folder, room in rooms.items()
        if room.version != last.get(folder)
        and heading(room.version) in (tree / folder / "CHANGELOG.md").read_text()
    )
    if unfinished:
        doing = {release.room for release in unfinished}
        return Plan(unfinished, (), tuple(room for room in rooms.values() if room not in doing))
    planned: dict[str, Release] = {}
    versions = {folder: room.version for folder, room in rooms.items()}
    for folder, room in rooms.items():
        release = next_release(root, room, last.get(folder), rooms, versions)
        if release is None:
            continue
        if git(root, "tag", "--list", release.tag):
            raise ReleaseError(
                f"the tag {release.tag} is there, in a history that this branch does not have; "
                "merge it first, or delete it if it was made by hand"
            )
        planned[folder], versions[folder] = release, release.version
    unchanged = tuple(room for folder, room in rooms.items() if folder not in planned)
    return Plan((), tuple(planned.values()), unchanged)
