"""What changed since a branch left another, as git knows it."""

from __future__ import annotations

import difflib
import subprocess
from pathlib import Path


class UsageError(Exception):
    """The question can't be answered as it was asked; the text says what to do."""


def git(root: Path, *arguments: str, separator: str = "\n") -> list[str]:
    """Return what git prints, cut at a separator.

    Raises
    ------
    subprocess.CalledProcessError
        If git fails.
    """
    command: list[str | Path] = ["git", "-C", root, *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [part for part in output.split(separator) if part]


def merge_base(root: Path, since: str) -> str | None:
    """Return the commit at which the branch left ``since``, or None in a clone too shallow.

    Raises
    ------
    UsageError
        If git is missing, ``root`` is in no repository, or there is no such commit.
    """
    try:
        git(root, "rev-parse", "--verify", "HEAD^{commit}")
    except FileNotFoundError:
        raise UsageError("git is not installed; it tells what changed") from None
    except subprocess.CalledProcessError as error:
        raise UsageError(f"git can't tell what changed here: {error.stderr.strip()}") from None
    try:
        git(root, "rev-parse", "--verify", "--end-of-options", f"{since}^{{commit}}")
    except subprocess.CalledProcessError:
        known = git(root, "for-each-ref", "--format=%(refname:short)")
        close = difflib.get_close_matches(since, known, 1)
        hint = f"did you mean '{close[0]}'?" if close else "`git branch --all` lists the branches"
        raise UsageError(f"there is no branch, tag or commit '{since}'; {hint}") from None
    try:
        return git(root, "merge-base", since, "HEAD")[0]
    except subprocess.CalledProcessError:
        return None


def changed_paths(root: Path, base: str) -> dict[str, str]:
    """Return each path that differs from a commit, with A (new), D (gone) or M."""
    fields = git(root, "diff", "--name-status", "--no-renames", "-z", base, separator="\0")
    paths = dict(zip(fields[1::2], fields[0::2], strict=True))
    untracked = git(root, "ls-files", "--others", "--exclude-standard", "-z", separator="\0")
    return paths | dict.fromkeys(untracked, "A")


def mentions(root: Path, words: list[str], *patterns: str) -> list[str]:
    """Return the files in which all of some words occur (each after its ``-e``)."""
    try:
        found = ["grep", "-lzw", "--all-match", *words, "--", *patterns]
        return git(root, *found, separator="\0")
    except subprocess.CalledProcessError:  # in none
        return []


def links(root: Path) -> dict[str, str]:
    """Return the links that git holds, each with the path in the tree that it leads to."""
    entries = git(root, "ls-files", "--stage", "-z", separator="\0")
    names = [entry.partition("\t")[2] for entry in entries if entry.startswith("120000 ")]
    top = root.resolve()
    found = {name: (root / name).resolve() for name in names}
    return {
        name: file.relative_to(top).as_posix()
        for name, file in found.items()
        if file.is_relative_to(top)
    }


def at(root: Path, commit: str, path: str) -> str:
    """Return a file's text at a commit, or nothing where it did not exist."""
    try:
        return "\n".join(git(root, "show", f"{commit}:{path}"))
    except subprocess.CalledProcessError:
        return ""


def now(root: Path, path: str) -> str:
    """Return a file's text, or nothing where it does not exist."""
    file = root / path
    return file.read_text() if file.is_file() else ""
