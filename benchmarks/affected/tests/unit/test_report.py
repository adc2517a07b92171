from pathlib import Path

import pytest

from benchmarks.affected import report
from benchmarks.affected.figures import Answers, Change, Figures, Kind, Measured, Verdict


def change(kind: Kind) -> Change:
    return Change(
        kind=kind,
        module="base_000.errors",
        libs=4,
        seconds=0.5,
        selected=9,
        needed=8,
        missed=0,
        folder=3,
        folder_missed=5,
        red=6,
        red_missed=0,
        folder_red_missed=4,
    )


def figures(libs: int, machine: str = "a machine") -> Figures:
    verdict = Verdict(
        path="libs/base_000/src/ropewalk/base_000/errors.py",
        test_files=3,
        affected=(0.2, 0.4, 0.3),
        pants_test=(1.0, 0.5, 1.2),
        pytest=(1.0, 2.0, 1.1),
    )
    measured = Measured(
        name=f"{libs} libs",
        libs=libs,
        modules=5 * libs,
        test_files=3 * libs,
        seconds_per_test=0.25,
        answers=Answers(first=9.0, affected=(0.3, 0.1, 0.2), pants=(0.1, 0.1, 0.4)),
        verdicts=(verdict,),
        changes=(change("leaf"), change("middle"), change("hub")),
    )
    return Figures(machine=machine, versions="Pants", seed=1, repos=(measured,))


def test_verdict_is_judged_by_medians_of_whole_runs() -> None:
    verdict = figures(10).repos[0].verdicts[0]

    assert verdict.seconds == pytest.approx(1.2)  # of 1.2, 0.9 and 1.5
    assert verdict.allowed == pytest.approx(1.3 * 1.1 + 0.5)


def test_a_change_costs_its_answer_and_its_tests() -> None:
    assert report.seconds(figures(10).repos[0], "hub") == pytest.approx(0.5 + 9 * 0.25)


def test_table_holds_what_was_measured() -> None:
    table = report.table(figures(10))

    assert "| 10 libs | 50 | 30 | 9.0 | 0.20 (0.10 to 0.30) | 0.10 (0.10 to 0.40) |" in table
    assert "| 3 | 0.30 | 1.00 | 1.20 | 1.10 | not judged |" in table
    assert "| 10 libs | hub | 8 | 9 | 0 | 3 | 5 | 4 | 30 |" in table


def test_figures_of_one_machine_are_kept_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text(f"# Title\n\n{report.BEGIN}old{report.END}\nthe end\n")

    report.keep(figures(100))
    report.keep(figures(10))
    first = (tmp_path / "figures.svg").read_bytes()
    report.main([])

    assert [repo.libs for repo in report.kept().repos] == [10, 100]
    assert (tmp_path / "figures.svg").read_bytes() == first
    text = readme.read_text()
    assert text.startswith("# Title\n")
    assert text.endswith("\nthe end\n")
    assert "old" not in text
    assert "| 10 libs | 50 |" in text
    assert "| 100 libs | 500 |" in text

    report.keep(figures(300, machine="another machine"))

    assert [repo.libs for repo in report.kept().repos] == [300]


def test_readme_shows_the_figures_that_are_kept() -> None:
    text = (report.FOLDER / "README.md").read_text(encoding="utf-8")

    assert f"{report.BEGIN}\n{report.table(report.kept())}\n{report.END}" in text
