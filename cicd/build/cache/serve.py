#!/usr/bin/env python3
"""Run buildgrid, and keep the folder of its blobs below a size. Called by ``server.sh``.

A blob that was deleted makes the results that need it unknown again, and nothing worse.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.environments import enter

LOG_BYTES = 10_000_000
UNITS = {"M": 10**6, "G": 10**9, "T": 10**12}


def trim(folder: Path, size: int) -> None:
    """Delete the files that nobody asked for longest, until the rest is nine tenths of the size."""
    files = []
    for path in folder.glob("*/*"):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # the server deleted it meanwhile
        files.append((max(stat.st_atime, stat.st_mtime), path, stat.st_size))
    total = sum(length for _, _, length in files)
    if total <= size:
        return
    for _, path, length in sorted(files):
        path.unlink(missing_ok=True)
        total -= length
        if total <= 0.9 * size:
            return


def keep_small(folder: Path, size: int) -> None:
    """Trim every minute, for as long as the server runs."""
    while True:
        trim(folder / "blobs" / "cas" / "objects", size)
        if (folder / "log").stat().st_size > LOG_BYTES:
            os.truncate(folder / "log", 0)
        time.sleep(60)


def main(folder: Path, size: int) -> None:
    """Serve until a signal ends it."""
    enter("buildgrid")
    from buildgrid.server.app.cli import cli  # pants: no-infer-dep

    threading.Thread(target=keep_small, args=(folder, size), daemon=True).start()
    cli(["server", "start", str(Path(__file__).with_name("buildgrid.yaml"))])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2][:-1]) * UNITS[sys.argv[2][-1]])
