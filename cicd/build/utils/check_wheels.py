#!/usr/bin/env python3
"""Check the wheels in a folder, then install them alone, outside the repo, and train and predict.

Looks at what a wheel must hold and must not, at its metadata, asks twine and
check-wheel-contents, and proves the metadata true: an environment with nothing but the wheels and
what they require, at the versions and hashes of default.lock, runs both command lines on the
data that ships.

Examples
--------
After ``./pants package ::``::

    cicd/build/utils/check_wheels.py dist
    cicd/build/utils/check_wheels.py dist --no-run
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.bootstrap_pants import index_settings
from cicd.build.utils.environments import environment

ROOT = Path(__file__).resolve().parents[3]
LIBS = {name: f"libs/{name}" for name in ("data_loaders", "features", "models")}
APPS = {name: f"apps/{name}" for name in ("trainer", "predictor")}
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^]]*\])?\s*\(?(?P<versions>[^;)]*)")


def distribution(room: str) -> str:
    """Return the name under which the wheel of a room is installed."""
    return f"ropewalk-{room.replace('_', '-')}"


def problems_of_requirements(room: str, lines: list[str]) -> list[str]:
    """Return what is wrong with the ``Requires-Dist`` lines of a wheel."""
    problems = []
    versions = {}
    for line in lines:
        found = REQUIREMENT.match(line)
        if found is None:
            problems.append(f"{line!r} is no requirement")
            continue
        versions[found["name"].lower()] = wanted = found["versions"].strip()
        if not wanted:
            problems.append(f"{line!r} takes any version: give it a range")
        elif re.search(r"==(?!.*\*)", wanted):
            problems.append(f"{line!r} is a pin: a range lets others install beside it")
    for lib in LIBS if room in APPS else ():
        if not re.fullmatch(r"<\d+,>=[\d.]+", versions.get(distribution(lib), "")):
            problems.append(f"does not require {distribution(lib)} up to its next major version")
    return problems


def problems_of_wheel(wheel: Path, room: str) -> list[str]:
    """Return a line for everything that is wrong inside one wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = [name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        if len(metadata) != 1:
            return [f"has {len(metadata)} METADATA files"]
        document: Message = Parser().parsestr(archive.read(metadata[0]).decode())
    problems = []
    if f"ropewalk/{room}/py.typed" not in names:
        problems.append(f"lacks ropewalk/{room}/py.typed")
    if "ropewalk/__init__.py" in names:
        problems.append("has ropewalk/__init__.py: no wheel owns the namespace")
    problems += [f"has {name}" for name in names if name.endswith(".pth")]
    inside = (f"ropewalk/{room}/", f"{wheel.name.split('-')[0]}-")
    problems += [f"has {name}" for name in names if not name.startswith(inside)]
    if not str(document.get_payload()).strip():
        problems.append("has no long description: is README.md empty?")
    if "markdown" not in str(document["Description-Content-Type"]):
        problems.append("does not say that its long description is Markdown")
    return problems + problems_of_requirements(room, document.get_all("Requires-Dist") or [])


def problems_of_folder(folder: Path, root: Path) -> list[str]:
    """Return a line for every wheel that is missing, too many, or wrong."""
    problems = []
    wheels = sorted(folder.glob("*.whl"))
    for room, place in (LIBS | APPS).items():
        version = root / place / "VERSION"
        expected = version.read_text().strip() if version.exists() else "(no VERSION file)"
        prefix = distribution(room).replace("-", "_")
        found = [wheel for wheel in wheels if wheel.name.startswith(f"{prefix}-{expected}-")]
        wheels = [wheel for wheel in wheels if wheel not in found]
        if not found:
            problems.append(f"{prefix}-{expected} is missing; run ./pants package ::")
        problems += [f"{w.name}: {line}" for w in found for line in problems_of_wheel(w, room)]
    problems += [f"{wheel.name} is not one of the five: remove it" for wheel in wheels]
    return problems


def run(*command: str | Path, where: Path, **settings: str) -> str:
    """Run a program away from the repo and return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kept = {**settings, **kept}
    result = subprocess.run(
        command, cwd=where, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode:
        shown = " ".join(Path(part).name for part in map(str, command[:3]))
        raise RuntimeError(f"{shown} ended with {result.returncode}:\n{result.stdout.rstrip()}")
    return result.stdout


def install(folder: Path, programs: Path, where: Path) -> Path:
    """Install the wheels alone into a new environment; return its folder of programs."""
    lines = []
    for wheel in sorted(folder.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n")
    wheels = where / "wheels.txt"
    wheels.write_text("".join(lines))
    venv = where / "environment"
    uv = programs / "uv"
    run(uv, "venv", "--quiet", "--no-config", "--python", sys.executable, venv, where=where)
    lock = ROOT / "3rdparty" / "python" / "default.lock"
    run(
        *(uv, "pip", "install", "--quiet", "--python", venv / "bin/python", "--require-hashes"),
        *("--find-links", folder.resolve(), "--requirements", wheels, "--constraints", lock),
        where=where,
        **index_settings(programs / "python"),
    )
    return venv / "bin"


def train_and_predict(programs: Path, where: Path) -> str:
    """Train on the data that ships and predict with the bundle; return a line about it."""
    for name in ("apps/trainer/flights.yaml", "notebooks/dummy_data"):
        target = where / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
    config = ("--config", "apps/trainer/flights.yaml")
    run(programs / "ropewalk-trainer", "train", *config, where=where)
    made = where / "artifacts" / "flights"
    source, predictions = made / "predict_me.csv", where / "predictions.csv"
    command = ("predict", source, "--bundle", made / "bundle", "--output", predictions)
    run(programs / "ropewalk-predictor", *command, where=where)
    given, got = (len(path.read_text().splitlines()) for path in (source, predictions))
    if got != given or given < 2:
        raise RuntimeError(f"{given - 1} rows were given, {got - 1} predictions came back")
    return f"installed alone, trained, predicted {got - 1} rows"


def main(arguments: list[str] | None = None) -> int:
    """Check the wheels and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where ./pants package :: put the wheels")
    parser.add_argument("--no-run", action="store_true", help="look at the wheels only")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    problems = problems_of_folder(options.folder, options.root)
    for problem in problems:
        print(f"check_wheels: {problem}", file=sys.stderr)
    if problems:
        return 1
    print("five wheels: contents and metadata are as they should be")
    try:
        programs = environment("packaging", "uv")
        wheels = sorted(options.folder.resolve().glob("*.whl"))
        with tempfile.TemporaryDirectory(prefix="wheels-") as temporary:
            where = Path(temporary)
            run(programs / "twine", "check", "--strict", *wheels, where=where)
            run(programs / "check-wheel-contents", "--no-config", *wheels, where=where)
            print("twine and check-wheel-contents are content")
            if not options.no_run:
                print(train_and_predict(install(options.folder, programs, where), where))
    except subprocess.CalledProcessError:
        print("check_wheels: the tools can't be installed; pip says why above", file=sys.stderr)
        return 1
    except (RuntimeError, OSError) as error:
        print(f"check_wheels: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
