#!/usr/bin/env python3
"""Environments of command-line tools, one for each set of locks, kept in the cache folder.

Examples
--------
Make one, and print its folder of programs::

    cicd/build/utils/environments.py mypy mypy-stubs
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.bootstrap_pants import make_once

TOOLS = Path(__file__).resolve().parents[3] / "3rdparty" / "python" / "tools"


def install(folder: Path, *locks: Path) -> None:
    """Make an environment of locks, hashes checked.

    Raises
    ------
    subprocess.CalledProcessError
        If pip fails twice; it has said why by then.
    """
    venv.create(folder, with_pip=True)
    command: list[str | Path] = [folder / "bin/python", "-m", "pip", "install", "--quiet"]
    command += ["--require-hashes", *(part for lock in locks for part in ("-r", lock))]
    # An index now and then leaves a version out of one answer.
    if subprocess.run(command, capture_output=True).returncode:
        subprocess.run(command, check=True)


def environment(*names: str) -> Path:
    """Return the folder of programs of the named locks: those of tools, or ``default``, the code's.

    They are installed once, into a folder that is named after the locks' content: a change of a
    lock makes a new one, and an interrupted installation leaves none.
    """
    locks = [(TOOLS.parent if name == "default" else TOOLS) / f"{name}.lock" for name in names]
    key = hashlib.sha256(f"{sys.version}{sys.base_prefix}".encode())
    for lock in locks:
        key.update(lock.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pants-launcher"
    home = cache / f"{'-'.join(names)}-{key.hexdigest()[:16]}"
    if not home.exists():
        make_once(home, f"{' and '.join(names)}, once", lambda work: install(work, *locks))
    return home / "bin"


def enter(*names: str) -> None:
    """Go on in the named tools' environment: start this program again with its Python.

    For a program that needs a third-party package and is called as a file, with any Python. It
    returns at once where that environment is the one that runs already.

    Raises
    ------
    SystemExit
        If the tools can't be installed.
    """
    try:
        python = environment(*names) / "python"
    except subprocess.CalledProcessError:
        sys.exit(f"{Path(sys.argv[0]).name}: {' and '.join(names)} can't be installed, see above")
    if Path(sys.prefix) != python.parents[1]:
        os.execv(python, [str(python), *sys.argv])


def main() -> None:
    """Print the folder of programs of an environment."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    locks = ["default", *sorted(lock.stem for lock in TOOLS.glob("*.lock"))]
    parser.add_argument("name", nargs="+", choices=locks, metavar="NAME")
    print(environment(*parser.parse_args().name))


if __name__ == "__main__":
    main()
