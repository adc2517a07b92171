"""A small git repository with libs and an app, for the tests of versions and releases."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHANGELOG = "# Changelog\n\n<!-- towncrier release notes start -->\n"
# Whoever runs the tests has settings of git that are none of theirs.
ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@dataclass(frozen=True)
class RoomsRepo:
    """The repository."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """Run git and return what it printed."""
        return subprocess.run(
            ["git", "-C", self.folder, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **ALONE},
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def room(self, folder: str, version: str = "1.0.0", code: str = "") -> None:
        """Write a lib or an app."""
        self.write(f"{folder}/VERSION", f"{version}\n")
        self.write(f"{folder}/CHANGELOG.md", CHANGELOG)
        self.write(f"{folder}/src/ropewalk/{folder.split('/')[1]}/__init__.py", code)

    def commit(self, message: str = "Change something") -> str:
        """Commit everything and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def release(self, folder: str, version: str) -> str:
        """Do by hand what a release leaves in the history; return the tag."""
        self.write(f"{folder}/VERSION", f"{version}\n")
        self.write(f"{folder}/CHANGELOG.md", f"{CHANGELOG}\n## {version} (2026-11-25)\n")
        shutil.rmtree(self.folder / folder / "changes", ignore_errors=True)
        commit = self.commit(f"Release {folder} {version}")
        tag = f"ropewalk-{folder.split('/')[1]}/v{version}"
        self.git("tag", "--annotate", "-m", tag, tag, commit)
        return tag


def make_repo(folder: Path) -> RoomsRepo:
    """Return a repository with two libs and an app that needs both."""
    repo = RoomsRepo(folder)
    folder.mkdir(parents=True, exist_ok=True)
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("config", "user.name", "Anna")
    repo.git("config", "user.email", "anna@example.com")
    repo.write("pyproject.toml", Path("pyproject.toml").read_text())
    repo.room("libs/hemp")
    repo.room("libs/tar")
    repo.room("apps/rope", code="from ropewalk import hemp\nimport ropewalk.tar\n")
    repo.commit("Begin")
    return repo
