#!/usr/bin/env python3
"""Generate a Pants repository of any size, whose import graph looks like a real one.

Its libs have modules, tests, a wheel, a team and a version; its Pants settings, macros, plugins,
locks and the programs of ``cicd/build`` are those of the repository that this file is in. Every
module's number is computed from those that it imports, and every test knows it: whoever changes a
number turns the tests red that really depend on it. The same arguments give the same commit.

Examples
--------
::

    benchmarks/affected/generate_repo.py --libs 300 --seed 1 /tmp/three-hundred-libs
    cd /tmp/three-hundred-libs && ./pants test libs/core_012::
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

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.affected.import_graph import Lib, lib_of, make_graph

ROOT = Path(__file__).resolve().parents[2]
# What Pants, its plugins and the programs of cicd/build need.
COPIED = (
    *("pants", "pants.toml", "pants.ci.toml", "pyproject.toml", "macros.py", "BUILD"),
    *(".coveragerc", "LICENCE"),
    *("3rdparty/python", "cicd/build"),
)
# Numbers stay below it, so that a change of one reaches all that are computed from it.
PRIME = 100_003
MOST_LIBS = 1000
LIBS_OF_A_TEAM = 8

DOCSTRINGS_TEST = '''"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import ropewalk.{lib}


def test_docstring_examples_hold() -> None:
    package = ropewalk.{lib}
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{{package.__name__}}.")]

    results = [doctest.testmod(importlib.import_module(name)) for name in names]

    assert sum(result.attempted for result in results) == {examples}
    assert sum(result.failed for result in results) == 0
'''
README = """# ropewalk-{dashed}

Made by `benchmarks/affected/generate_repo.py`.

## Who looks after it

Team: {team}. Support: none. Stability: none.
"""


def scores(libs: list[Lib]) -> dict[str, int]:
    """Return the number of each module: its own, and the sum of those that it imports."""
    found: dict[str, int] = {}
    own = 1
    for lib in libs:
        package, *modules = lib.modules
        # The package comes last: it hands on the number of a module.
        for module in (*modules, package):
            own = own * 48_271 % PRIME
            base = 0 if module == package else own
            found[module] = (base + sum(found[name] for name in lib.modules[module])) % PRIME
    return found


def own_scores(libs: list[Lib], total: dict[str, int]) -> dict[str, int]:
    """Return what each module adds to the numbers that it imports."""
    return {
        module: (total[module] - sum(total[name] for name in imports)) % PRIME
        for lib in libs
        for module, imports in lib.modules.items()
    }


def _alias(module: str) -> str:
    return module.replace(".", "_").upper()


def _imports(module: str, imports: tuple[str, ...]) -> Iterator[str]:
    own = lib_of(module)
    # As the linter sorts them.
    for name in sorted(imports, key=lambda name: (name, name != own)):
        yield f"from ropewalk.{name} import SCORE as {_alias(name)}\n"


def _package(name: str, lib: Lib) -> str:
    exported = [f"from ropewalk.{module} import SCORE, score\n" for module in lib.modules[name]]
    names = '\n__all__ = ["SCORE", "score"]\n' if exported else ""
    return f'"""The lib {name}."""\n' + "\n" * bool(exported) + "".join(exported) + names


def _module(name: str, lib: Lib, own: int, total: int) -> str:
    imports = lib.modules[name]
    lines = [f'"""The {name.partition(".")[2]} of {lib.name}."""\n']
    number = str(own)
    if lib.numpy and name == list(lib.modules)[-1]:
        lines += ["\n", "import numpy as np\n"]
        number = f"int(np.int64({own}))"
    if imports:
        lines += ["\n", *_imports(name, imports)]
    terms = [number, *(_alias(imported) for imported in sorted(imports))]
    lines.append("\nTERMS = [\n" + "".join(f"    {term},\n" for term in terms) + "]\n")
    lines.append(f"SCORE = sum(TERMS) % {PRIME}\n")
    lines.append(f'''

def score(offset: int) -> int:
    """Return this module's number and an offset.

    Examples
    --------
    >>> score(1)
    {total + 1}
    """
    return SCORE + offset
''')
    return "".join(lines)


def _unit_test(module: str, total: int) -> str:
    return f"""from ropewalk.{module} import SCORE, score


def test_score() -> None:
    assert SCORE == {total}


def test_offset() -> None:
    assert score(2) == {total + 2}
"""


def _integration_test(lib: Lib, total: dict[str, int]) -> str:
    imported = sorted({name for imports in lib.modules.values() for name in imports})
    others = [name for name in imported if lib_of(name) != lib.name]
    last = list(lib.modules)[-1]
    used = sorted([last, *others])
    lines = [f"from ropewalk.{name} import SCORE as {_alias(name)}\n" for name in used]
    lines += ["\n\n", "def test_together() -> None:\n"]
    lines += [f"    assert {_alias(name)} == {total[name]}\n" for name in used]
    return "".join(lines)


def lib_files(lib: Lib, number: int, own: dict[str, int], total: dict[str, int]) -> dict[str, str]:
    """Return the text of each file of a lib, by its path in the lib's folder."""
    team = f"team-{number // LIBS_OF_A_TEAM:02d}"
    package, *modules = lib.modules
    source = f"src/ropewalk/{lib.name}"
    files = {
        "BUILD": (
            "_room(\n"
            f'    description="The lib {lib.name}",\n'
            f'    team="{team}",\n'
            f'    third_party={["numpy"] if lib.numpy else []},\n'.replace("'", '"')
            + f"    libs={lib.libs},\n".replace("'", '"')
            + "    command=None,\n)\n"
        ),
        "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n- The first version.\n",
        "README.md": README.format(dashed=lib.name.replace("_", "-"), team=team),
        "VERSION": "1.0.0\n",
        "changes/README.md": "A file for each change that users notice.\n",
        "src/BUILD": "sources()\n",
        f"{source}/py.typed": "",
        f"{source}/__init__.py": _package(package, lib),
        "tests/unit/test_docstrings.py": DOCSTRINGS_TEST.format(
            lib=lib.name, examples=len(modules)
        ),
        f"tests/integration/test_{lib.name}.py": _integration_test(lib, total),
    }
    for module in modules:
        name = module.partition(".")[2]
        files[f"{source}/{name}.py"] = _module(module, lib, own[module], total[module])
    for module in lib.tested:
        name = module.partition(".")[2]
        files[f"tests/unit/test_{name}.py"] = _unit_test(module, total[module])
    return files


def commit_all(folder: Path, message: str) -> None:
    """Make a git repository of a folder, with one commit that depends on its content alone.

    Raises
    ------
    subprocess.CalledProcessError
        If a program refuses, which has said why by then.
    """
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", "generate_repo"),
            ("EMAIL", "generate_repo@localhost"),
            ("DATE", "2020-01-01T00:00:00Z"),
        )
    }
    # Nobody's own settings, hooks or signatures.
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**others, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (
        ("git", "init", "--quiet", "--initial-branch=main"),
        # It writes CODEOWNERS.
        (sys.executable, "cicd/build/utils/owners.py"),
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", f"--message={message}"),
    ):
        subprocess.run(command, cwd=folder, env=environment, check=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, links as links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored, symlinks=True)
    else:
        shutil.copy(source, target, follow_symlinks=False)


def write_repo(libs: list[Lib], folder: Path) -> None:
    """Write the repository and its one commit into a folder that is there and empty."""
    for name in COPIED:
        copy(ROOT / name, folder / name)
    # Pants gives a test the file that this link leads to, from where it would not find its root.
    program = folder / "cicd/build/affected"
    program.unlink()
    program.symlink_to("utils/affected.py")
    total = scores(libs)
    own = own_scores(libs, total)
    files = {
        ".gitignore": "/.pants.d/\n/.pids/\n/dist/\n__pycache__/\n",
        "README.md": f"# {len(libs)} libs\n\nMade by `benchmarks/affected/generate_repo.py`.\n",
        # What all integration tests share.
        "notebooks/dummy_data/BUILD": (
            '__defaults__(all=dict(tags=["team:data"]))\n\nfiles(sources=["*.csv"])\n'
        ),
        "notebooks/dummy_data/numbers.csv": "number\n1\n2\n3\n",
    }
    for number, lib in enumerate(libs):
        for path, text in lib_files(lib, number, own, total).items():
            files[f"libs/{lib.name}/{path}"] = text
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    commit_all(folder, f"Generate {len(libs)} libs")


def main(arguments: list[str] | None = None) -> int:
    """Generate a repository and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="generate_repo.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--libs", type=int, default=300, help=f"how many, 1 to {MOST_LIBS}; default: 300"
    )
    parser.add_argument("--seed", type=int, default=1, help="which graph of that size; default: 1")
    parser.add_argument("folder", type=Path, help="the repository; must not be there yet")
    options = parser.parse_args(arguments)
    if not 1 <= options.libs <= MOST_LIBS:
        parser.error(f"{options.libs} libs were asked for; give 1 to {MOST_LIBS}")
    folder = options.folder.absolute()
    if folder.exists():
        parser.error(f"{folder} is there already; remove it, or name another folder")
    if not folder.parent.is_dir():
        parser.error(f"{folder.parent} is no folder; make it first")
    libs = make_graph(options.libs, options.seed)
    # Beside it, and renamed at the end: a half-written repository is none.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as work:
        written = Path(work) / "repo"
        written.mkdir()
        write_repo(libs, written)
        written.rename(folder)
    modules = sum(len(lib.modules) for lib in libs)
    tests = sum(len(lib.tested) + 2 for lib in libs)
    print(f"{folder}: {len(libs)} libs, {modules} modules, {tests} test files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
