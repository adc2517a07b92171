#!/usr/bin/env python3
"""Check every file whose format Pants does not check, with a formatter or linter of that format.

Python and BUILD files are Pants' (``./pants lint ::``). Everything else that git tracks, or would
track, is sorted by format; a format with neither a tool nor an excuse in ``WITHOUT_TOOL`` fails.
The tools come from the package index, by 3rdparty/python/tools/{formats,ruff}.lock, once.

Examples
--------
::

    cicd/build/utils/lint_formats.py
    cicd/build/utils/lint_formats.py --fix
    cicd/build/utils/lint_formats.py docs README.md
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from cicd.build.utils.environments import environment

ROOT = Path(__file__).resolve().parents[3]
Command = tuple[str, ...]


@dataclass(frozen=True)
class Format:
    """A file format: how its files are called, and what checks and mends them."""

    name: str
    patterns: tuple[str, ...]
    check: tuple[Command, ...]
    fix: tuple[Command, ...] = ()
    shebangs: tuple[str, ...] = ()


YAMLLINT = ("yamllint", "--strict")
SCHEMA = ("check-jsonschema", "--builtin-schema")
FORMATS = (
    Format(
        "shell",
        ("*.sh", "*.bash"),
        check=(("shellcheck", "--external-sources"), ("shfmt", "--diff")),
        fix=(("shfmt", "--write"),),
        shebangs=("bash", "sh"),
    ),
    Format("Dockerfile", ("Dockerfile", "Dockerfile.*", "*.Dockerfile"), check=(("hadolint",),)),
    Format(
        "GitHub workflow",
        (".github/workflows/*.yml", ".github/workflows/*.yaml"),
        check=(
            YAMLLINT,
            (*SCHEMA, "custom.github-workflows-require-timeout"),
            ("actionlint",),
            ("zizmor", "--offline", "--persona=pedantic", "--no-progress"),
        ),
    ),
    Format(
        "Azure pipeline",
        ("azure-pipelines.yml", "cicd/build/azure/*.yml"),
        check=(
            YAMLLINT,
            (
                *SCHEMA,
                "vendor.azure-pipelines",
                "--data-transform=azure-pipelines",
                # The schema's patterns escape what Unicode mode says needs no escape.
                "--regex-variant=nonunicode",
            ),
        ),
    ),
    Format("YAML", ("*.yaml", "*.yml"), check=(YAMLLINT,)),
    Format(
        "TOML",
        ("*.toml",),
        check=(("taplo", "format", "--check", "--diff"), ("taplo", "lint", "--no-schema")),
        fix=(("taplo", "format"),),
    ),
    Format("Markdown", ("*.md",), check=(("pymarkdown", "scan"),), fix=(("pymarkdown", "fix"),)),
    Format(
        "notebook",
        ("*.ipynb",),
        check=(
            ("nbstripout", "--verify", "--keep-id"),
            ("ruff", "check"),
            ("ruff", "format", "--check"),
        ),
        fix=(("nbstripout", "--keep-id"), ("ruff", "check", "--fix"), ("ruff", "format")),
    ),
    Format(
        "JSON schema",
        ("*.schema.json",),
        check=(("check-jsonschema", "--check-metaschema"),),
    ),
    Format(
        "HTML",
        ("*.html", "*.j2"),
        check=(("djlint", "--lint", "--profile", "jinja"),),
    ),
)
# Checked elsewhere, or without a tool that is kept.
WITHOUT_TOOL = (
    *("*.py", "BUILD"),  # Pants: black, ruff, mypy
    *("*.lock", "*requirements.txt", "3rdparty/python/tools/*.txt"),  # lock.py --check
    "CODEOWNERS",  # owners.py --check
    "cicd/build/test_times.json",  # shards.py makes it, and reads it strictly
    "benchmarks/*/figures.*",  # measure.py makes them; a test holds README against them
    *("*.csv", "*.parquet", "*.sqlite"),  # data: their checksums are tested
    *("LICENCE", "VERSION", "py.typed", "*.typed"),
    *(".gitignore", ".gitattributes", ".dockerignore", "*.dockerignore"),
    *(".coveragerc", ".editorconfig", ".shellcheckrc", ".yamllint"),  # read by tools, strictly
)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a path, or the name at its end, fits a pattern."""
    name = path.rpartition("/")[2]
    return any(fnmatch(path if "/" in pattern else name, pattern) for pattern in patterns)


def interpreter(file: Path) -> str:
    """Return the program of a script's first line, or nothing."""
    if "." in file.name.lstrip("."):
        return ""
    with file.open("rb") as stream:
        line = stream.readline(200)
    words = line[2:].decode(errors="replace").split() if line.startswith(b"#!") else []
    return words[-1].rpartition("/")[2] if words else ""


def group(root: Path, paths: list[str]) -> tuple[dict[Format, list[str]], list[str]]:
    """Return the files of each format, and those whose format nobody knows."""
    known: dict[Format, list[str]] = {}
    unknown = []
    for path in paths:
        program = interpreter(root / path)
        for form in FORMATS:
            if matches(path, form.patterns) or program in form.shebangs:
                known.setdefault(form, []).append(path)
                break
        else:
            if not matches(path, WITHOUT_TOOL):
                unknown.append(path)
    return known, unknown


def tracked(root: Path, below: list[str]) -> list[str]:
    """Return what git tracks or would track, without links and deleted files."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *below]
    output = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    names = sorted(set(filter(None, output.split("\0"))))
    return [name for name in names if (root / name).is_file() and not (root / name).is_symlink()]


def run(programs: Path, root: Path, command: Command, files: list[str]) -> bool:
    """Run one tool; print what it says only if it is not content."""
    result = subprocess.run(
        [programs / command[0], *command[1:], *files],
        cwd=root,
        # One calls another: actionlint gives shellcheck the scripts that it finds in workflows.
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    good = result.returncode == 0
    print(f"{'ok    ' if good else 'FAILED'}  {' '.join(command)}: {len(files)} files", flush=True)
    if not good:
        print(result.stdout.rstrip(), flush=True)
    return good


def main(arguments: list[str] | None = None) -> int:
    """Run all tools and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", help="files or folders; default: all")
    parser.add_argument("--fix", action="store_true", help="mend first what the tools can mend")
    parser.add_argument("--folder", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        known, unknown = group(options.folder, tracked(options.folder, options.paths))
        programs = environment("formats", "ruff")
    except subprocess.CalledProcessError as error:
        why = (error.stderr or "the tools can't be installed; pip says why above").strip()
        print(f"lint_formats: {why.splitlines()[-1]}", file=sys.stderr)
        return 2
    if not known and not unknown:
        print("lint_formats: no such file that git tracks or would track", file=sys.stderr)
        return 2
    good = True
    for form, files in known.items():
        for command in form.fix if options.fix else ():
            run(programs, options.folder, command, files)
        for command in form.check:
            good &= run(programs, options.folder, command, files)
    for path in unknown:
        print(
            f"lint_formats: {path}: no tool for this format; add one to FORMATS, "
            "or the format to WITHOUT_TOOL with the reason",
            file=sys.stderr,
        )
    return int(not good or bool(unknown))


if __name__ == "__main__":
    sys.exit(main())
