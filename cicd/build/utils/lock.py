#!/usr/bin/env python3
"""Make every lock file again from its requirements, or check that none is stale.

Each lock is pip-style, with hashes and no addresses, and universal: one file serves Linux and
macOS. Runs on a bare Python 3.11, before Pants, because Pants itself is installed from a lock.

Examples
--------
After a change to a requirements file::

    cicd/build/utils/lock.py

Newer versions of everything that a range allows, or of one package::

    cicd/build/utils/lock.py --upgrade
    cicd/build/utils/lock.py --upgrade-package pandas
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.bootstrap_pants import index_settings
from cicd.build.utils.environments import environment

REQUIREMENTS = Path(__file__).resolve().parents[3] / "3rdparty" / "python"
CODE_PYTHON = "3.11"
# What the launcher installs runs on Pants' own Python, the rest on the code's.
PANTS_PYTHON = {"pants": "3.9", "pex": "3.9", "uv": "3.9"}


def locks(folder: Path) -> Iterator[tuple[Path, list[Path], str]]:
    """Yield each lock with its requirements files and its lowest Python."""
    default = [folder / "default-requirements.txt", folder / "dev-requirements.txt"]
    yield folder / "default.lock", default, CODE_PYTHON
    for requirements in sorted((folder / "tools").glob("*.txt")):
        python = PANTS_PYTHON.get(requirements.stem, CODE_PYTHON)
        yield requirements.with_suffix(".lock"), [requirements], python


def pins(lock: Path) -> list[str]:
    """Return the pinned versions of a lock, without hashes.

    A project may add files, and so hashes, to a version that it released long ago: that makes no
    lock stale.
    """
    if not lock.exists():
        return []
    lines = (line.split("#")[0].strip(" \\") for line in lock.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("--hash")]


def compile_lock(
    uv: Path, requirements: list[Path], output: Path, python: str, upgrade: list[str]
) -> None:
    """Resolve the requirements; what ``output`` pins already stays unless it must move."""
    command: list[str | Path] = [
        uv,
        *("pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        # What each package is there for (`via`): from it `affected` tells what a new pin reaches.
        *("--annotation-style", "line", "--no-config", "--python-version", python),
        *("--custom-compile-command", "cicd/build/utils/lock.py", *upgrade),
        "--output-file",
        output,
        *(file.name for file in requirements),
    ]
    settings = {**index_settings(uv.with_name("python")), **os.environ}
    for attempt in (1, 2, 3):  # an index now and then leaves a version out of one answer
        result = subprocess.run(
            command, capture_output=True, text=True, env=settings, cwd=requirements[0].parent
        )
        if result.returncode == 0:
            return
        if attempt == 3:
            sys.exit(f"lock: {output.name} can't be resolved: {' '.join(result.stderr.split())}")


def main() -> None:
    """Parse the command line; exit with 1 when a lock is stale."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if one is stale")
    parser.add_argument("--upgrade", action="store_true", help="newest versions of everything")
    parser.add_argument("--upgrade-package", action="append", default=[], metavar="NAME")
    parser.add_argument("--folder", type=Path, default=REQUIREMENTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    upgrade = ["--upgrade"] if arguments.upgrade else []
    for name in arguments.upgrade_package:
        upgrade += ["--upgrade-package", name]

    try:
        uv = environment("uv") / "uv"
    except subprocess.CalledProcessError:
        sys.exit("lock: uv can't be installed from the package index; pip says why above")
    stale = []
    with tempfile.TemporaryDirectory() as temporary:
        for lock, requirements, python in locks(arguments.folder):
            fresh = Path(temporary, lock.name)
            if lock.exists():
                shutil.copy(lock, fresh)
            compile_lock(uv, requirements, fresh, python, upgrade)
            changed = pins(fresh) != pins(lock)
            print(f"{'stale' if changed else 'fresh'}  {lock.relative_to(arguments.folder)}")
            if changed and arguments.check:
                stale.append(lock.name)
            elif not arguments.check:
                shutil.move(fresh, lock)
    if stale:
        sys.exit(f"lock: {', '.join(stale)} not up to date; run cicd/build/utils/lock.py")


if __name__ == "__main__":
    main()
