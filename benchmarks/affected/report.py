#!/usr/bin/env python3
"""Draw the plot, and write README's table, of what figures.json holds.

Examples
--------
::

    benchmarks/affected/report.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import get_args

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.affected.figures import THIS, Figures, Kind, Measured

FOLDER = Path(__file__).resolve().parent
KINDS: tuple[Kind, ...] = get_args(Kind)
COLOURS: dict[Kind, str] = {"leaf": "#7fb3d5", "middle": "#2e86c1", "hub": "#1b4f72"}
GREY, RED = "#7b7d7d", "#c0392b"
# What is made stands between these lines of README.
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def _spread(values: tuple[float, ...]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def table(figures: Figures) -> str:
    """Return README's tables."""
    runs = len(figures.repos[0].answers.affected)
    lines = [
        f"{figures.machine}; {figures.versions}; seed {figures.seed}.",
        "",
        f"Seconds to the answer, median of {runs} (least to most), each after another change:",
        "",
        "| repository | modules | test files | first answer | `affected` | Pants' own |",
        "|---|---|---|---|---|---|",
    ]
    for repo in figures.repos:
        answers = repo.answers
        lines.append(
            f"| {repo.name} | {repo.modules} | {repo.test_files} | {answers.first:.1f}"
            f" | {_spread(answers.affected)} | {_spread(answers.pants)} |"
        )
    lines += [
        "",
        "Seconds from a one-line change to the verdict of the tests that it affects, medians:",
        "",
        "| repository | change | test files | `affected` | `./pants test` | together | bare pytest"
        " | allowed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for repo in figures.repos:
        for verdict in repo.verdicts:
            path = verdict.path.replace("/src/ropewalk", "/…")
            allowed = f"{verdict.allowed:.1f}" if repo.name == THIS else "not judged"
            lines.append(
                f"| {repo.name} | `{path}` | {verdict.test_files}"
                f" | {median(verdict.affected):.2f} | {median(verdict.pants_test):.2f}"
                f" | {verdict.seconds:.2f} | {median(verdict.pytest):.2f} | {allowed} |"
            )
    lines += [
        "",
        "Test files, mean of the changes of one kind. *Missed* would run again, *red* even fail:",
        "",
        "| repository | change | needed | `affected`: selected | missed | path filters: selected"
        " | missed | red and missed | everything |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for repo in figures.repos:
        for kind in KINDS if repo.changes else ():
            means = [
                repo.mean(kind, lambda change: change.needed),
                repo.mean(kind, lambda change: change.selected),
                repo.mean(kind, lambda change: change.missed),
                repo.mean(kind, lambda change: change.folder),
                repo.mean(kind, lambda change: change.folder_missed),
                repo.mean(kind, lambda change: change.folder_red_missed),
                repo.test_files,
            ]
            lines.append(
                f"| {repo.name} | {kind} | {' | '.join(f'{mean:.0f}' for mean in means)} |"
            )
    return "\n".join(lines) + "\n"


def seconds(repo: Measured, kind: Kind) -> float:
    """Return what a change of that kind costs: the answer and the tests that it names."""
    return repo.mean(kind, lambda change: change.seconds + change.selected * repo.seconds_per_test)


def draw_cost(axes: Axes, repos: list[Measured]) -> None:
    """Draw what one change costs in repositories of each size."""
    sizes = [repo.libs for repo in repos]
    everything = [repo.test_files * repo.seconds_per_test for repo in repos]
    filters = [
        sum(repo.mean(kind, lambda change: change.folder) for kind in KINDS)
        / len(KINDS)
        * repo.seconds_per_test
        for repo in repos
    ]
    lines: list[tuple[str, list[float], str, str]] = [
        ("everything", everything, GREY, "-"),
        *(
            (f"affected, {kind}", [seconds(r, kind) for r in repos], COLOURS[kind], "-")
            for kind in reversed(KINDS)
        ),
        ("path filters", filters, RED, "--"),
    ]
    for label, values, colour, style in lines:
        axes.plot(sizes, values, style, color=colour, marker="o", linewidth=2, label=label)
    axes.set(xscale="log", yscale="log", xlabel="libs in the repository", ylabel="seconds")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    ticks = [value for value in (1, 3, 10, 30, 100, 300, 1000) if value < 2 * max(everything)]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.set_title("What the tests of one change cost", loc="left")
    axes.legend(frameon=False)


def draw_missed(axes: Axes, repo: Measured) -> None:
    """Draw which failing tests nobody would have run, in one repository."""
    rows = [(f"{kind}: {way}", kind, way) for kind in KINDS for way in ("affected", "path filters")]
    for height, (_, kind, way) in enumerate(rows):
        red = repo.mean(kind, lambda change: change.red)
        missed = repo.mean(
            kind,
            (
                (lambda change: change.red_missed)
                if way == "affected"
                else (lambda change: change.folder_red_missed)
            ),
        )
        axes.barh(height, red - missed, color=COLOURS[kind], height=0.7)
        axes.barh(height, missed, left=red - missed, color=RED, height=0.7)
        told = f" {missed:.0f} of {red:.0f} missed" if missed else f" none of {red:.0f} missed"
        axes.text(red, height, told, va="center", color=RED if missed else "black")
    axes.set_yticks(range(len(rows)), [label for label, _, _ in rows])
    most = max(repo.mean(kind, lambda change: change.red) for kind in KINDS)
    axes.set(xlim=(0, most * 1.5), xlabel="test files that the change turns red")
    axes.set_title(f"What is not run, though it fails ({repo.libs} libs)", loc="left")


def draw(figures: Figures, file: Path) -> None:
    """Draw the plot; the same figures give the same bytes."""
    repos = sorted((repo for repo in figures.repos if repo.changes), key=lambda repo: repo.libs)
    mpl.rcParams.update({"svg.hashsalt": "affected", "font.size": 10, "svg.fonttype": "none"})
    plot, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    draw_cost(left, repos)
    draw_missed(right, repos[-1])
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    plot.savefig(file, metadata={"Date": None})
    plt.close(plot)


def write_report(figures: Figures) -> None:
    """Draw and write what is made of figures, beside this file."""
    draw(figures, FOLDER / "figures.svg")
    readme = FOLDER / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table(figures)}\n{END}{after}", encoding="utf-8")


def kept() -> Figures:
    """Return the figures of earlier measurements."""
    return Figures.model_validate_json((FOLDER / "figures.json").read_text(encoding="utf-8"))


def keep(figures: Figures) -> None:
    """Keep figures beside those of other repositories, if these are of the same machine."""
    repos = {repo.libs: repo for repo in figures.repos}
    if (FOLDER / "figures.json").exists():
        earlier = kept()
        if (earlier.machine, earlier.versions) == (figures.machine, figures.versions):
            repos = {repo.libs: repo for repo in earlier.repos} | repos
    whole = figures.model_copy(update={"repos": tuple(repos[size] for size in sorted(repos))})
    (FOLDER / "figures.json").write_text(whole.model_dump_json(indent=2) + "\n", encoding="utf-8")
    write_report(whole)


def main(arguments: list[str] | None = None) -> int:
    """Write the report anew of the figures that are kept, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="report.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    write_report(kept())
    return 0


if __name__ == "__main__":
    sys.exit(main())
