"""The last release's own contract tests against new code: what it promised still holds.

A contract is a class that ships with a lib, like ``FeatureFlowContract``; a lib's tests inherit it
for everything of its own that must keep it. Of the last release's tests, those run again that
inherit a contract, with that release's contracts in the place of today's.

pytest loads this module too, to leave out all other tests.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NOTHING_COLLECTED = 5
SECONDS = 900


def pytest_collection_modifyitems(items: list[object]) -> None:
    """Leave the tests that a shipped contract gave to a class."""
    kept = []
    for item in items:
        bases = getattr(getattr(item, "cls", None), "__mro__", ())
        shipped = (base for base in bases if base.__module__.startswith("ropewalk."))
        if any(base.__name__.endswith("Contract") for base in shipped):
            kept.append(item)
    items[:] = kept


def python() -> Path:
    """Return a Python that has what the code and its tests need."""
    if all(importlib.util.find_spec(name) for name in ("pandas", "pytest", "sklearn")):
        return Path(sys.executable)
    from cicd.build.utils.environments import environment

    return environment("default") / "python"


def broken_promises(root: Path, folder: str, released: Path) -> list[str] | None:
    """Return the tests of the last release that fail on the new code; None if it had none.

    Parameters
    ----------
    root
        The repository, as it is now.
    folder
        A lib in it, as ``libs/features``.
    released
        That lib's folder as the last release had it.
    """
    modules = [
        path
        for path in sorted((released / "tests").rglob("test_*.py"))
        if re.search(r"import[^#]*Contract\b", path.read_text())
    ]
    if not modules:
        return None
    with tempfile.TemporaryDirectory(prefix="contracts-") as temporary:
        source = Path(temporary) / "src"
        shutil.copytree(root / folder / "src", source)
        for contract in (released / "src").rglob("*_contract.py"):
            place = source / contract.relative_to(released / "src")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(contract, place)
        path = [source, *sorted(root.glob("libs/*/src")), *sorted(root.glob("apps/*/src")), ROOT]
        command = [
            *(str(python()), "-m", "pytest", "--quiet", "-rfE", "--tb=line"),
            *("-p", "no:cacheprovider", "-p", "cicd.build.utils.contract_tests"),
            *(f"--config-file={root / 'pyproject.toml'}", f"--rootdir={released}"),
            *map(str, modules),
        ]
        settings = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        # A test that hangs is a test that fails.
        try:
            result = subprocess.run(
                command, cwd=root, env=settings, capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return [f"they did not end within {SECONDS} seconds"]
    if result.returncode == NOTHING_COLLECTED:
        return None
    failed = re.findall(r"^(?:FAILED|ERROR) (.+)$", result.stdout, re.MULTILINE)
    if result.returncode and not failed:
        return [" ".join((result.stdout + result.stderr).split())[-300:]]
    return [test.rpartition(f"/{released.name}/")[2] for test in failed]
