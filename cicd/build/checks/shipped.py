"""Print the packages that this Python gets for what a requirements file asks for, theirs included.

In a module of its own because the Python of the code runs it, and not the one of the checks.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

from packaging.requirements import Requirement  # pants: no-infer-dep (in the lock of the code)


def shipped(requirements: Path) -> set[str]:
    """Return the packages that an environment gets for what ships, theirs included."""
    wanted = [line for line in requirements.read_text().splitlines() if line[:1] not in ("", "#")]
    names: set[str] = set()
    seen: set[str] = set()
    while wanted:
        line = wanted.pop()
        if line in seen:
            continue
        seen.add(line)
        requirement = Requirement(line)
        names.add(requirement.name)
        for inner in importlib.metadata.requires(requirement.name) or []:
            marker = Requirement(inner).marker
            extras = requirement.extras or {""}
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(inner)
    return names


if __name__ == "__main__":
    print("\n".join(sorted(shipped(Path(sys.argv[1])))))
