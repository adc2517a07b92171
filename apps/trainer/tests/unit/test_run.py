import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ropewalk.trainer import run


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["ropewalk-trainer", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        run.main()
    return int(end.value.code or 0)


def test_training_tells_rows_scores_winner_places_and_what_next(
    config_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    code = call(monkeypatch, "train", "--config", config_path)

    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    for part in (
        "400 rows read from",
        "4 dropped: target 'outcome' is missing",
        "line wins: the smallest RMSE",
        "bundle  artifacts/made/bundle",
        "report  artifacts/made/report.html",
        "ropewalk-predictor predict artifacts/made/predict_me.csv --bundle artifacts/made/bundle",
        "ropewalk-predictor serve --bundle artifacts/made/bundle",
    ):
        assert part in told.out
    assert (tmp_path / "artifacts/made/bundle/manifest.json").is_file()


def test_without_a_command_it_trains(
    config_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROPEWALK_TRAINER_TRAIN_CONFIG", str(config_path))

    code = call(monkeypatch)

    assert code == 0
    assert "line wins" in capsys.readouterr().out


def test_json_is_for_machines(
    config_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = config_path.parent / "out"
    common = ("--config", config_path, "--json")

    trained = call(monkeypatch, "train", "--output", out, *common)
    training = json.loads(capsys.readouterr().out)
    judged = call(monkeypatch, "evaluate", "--bundle", out / "bundle", *common)
    scores = json.loads(capsys.readouterr().out)

    assert (trained, judged) == (0, 0)
    assert training["winner"] == "line"
    assert training["rows"]["read"] == 400
    assert training["bundle"] == str(out / "bundle")
    assert scores[-1]["rmse"] == min(score["rmse"] for score in training["scores"])


def test_evaluate_prints_the_table(
    config_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = config_path.parent / "out"
    call(monkeypatch, "train", "--config", config_path, "--output", out)
    capsys.readouterr()

    code = call(monkeypatch, "evaluate", "--config", config_path, "--bundle", out / "bundle")

    assert code == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "model",
        "mean",
        "median",
        "bundle",
    ]


def test_the_schema_names_the_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = call(monkeypatch, "schema")

    assert code == 0
    assert "prediction_time" in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["evaluate", "-h"]])
def test_help_shows_an_example(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = call(monkeypatch, *arguments)

    assert code == 0
    assert "\n  Example:\n    ropewalk-trainer " in capsys.readouterr().out


RAW = "candidates.raw.parameters"
HOURS = "history.parameters.windows=[{by: [kind], hours: .nan}]"


def nothing(config_path: Path) -> None:
    """Leave the files as they are."""


def no_source(config_path: Path) -> None:
    (config_path.parent / "made.csv").unlink()


def empty_source(config_path: Path) -> None:
    (config_path.parent / "made.csv").write_text("")


def only_a_header(config_path: Path) -> None:
    rows = (config_path.parent / "made.csv").read_text().splitlines()
    (config_path.parent / "made.csv").write_text(rows[0] + "\n")


def wrong_type(config_path: Path) -> None:
    path = config_path.parent / "made.csv"
    rows = pd.read_csv(path, dtype={"size": "str"})
    rows.loc[7, "size"] = "large"
    rows.to_csv(path, index=False)


def no_target(config_path: Path) -> None:
    path = config_path.parent / "made.csv"
    pd.read_csv(path).assign(outcome=None).to_csv(path, index=False)


def no_column(config_path: Path) -> None:
    path = config_path.parent / "made.csv"
    pd.read_csv(path).drop(columns="size").to_csv(path, index=False)


def no_yaml(config_path: Path) -> None:
    config_path.write_text("candidates: [")


def output_is_a_file(config_path: Path) -> None:
    (config_path.parent / "out").write_text("mine")


def infinite_test_row(config_path: Path) -> None:
    path = config_path.parent / "made.csv"
    rows = pd.read_csv(path)
    rows.loc[390, "size"] = np.inf
    rows.to_csv(path, index=False)


@pytest.mark.parametrize(
    ("spoil", "arguments", "told"),
    [
        (nothing, ["trian"], "No such command 'trian'"),
        (nothing, ["train", "--set", "seed"], "write KEY=VALUE"),
        (nothing, ["train", "--set", "sed=1"], "did you mean 'seed'"),
        (nothing, ["train", "--set", "flows.sizes.columns=[late]"], "known too late: at done_at"),
        (nothing, ["train", "--set", "flows.sizes.columns=[sice]"], "did you mean 'size'"),
        (nothing, ["train", "--set", "source=../none.csv"], "none.csv"),
        (nothing, ["train", "--config", "none.yaml"], "none.yaml: no such file"),
        (nothing, ["evaluate", "--bundle", "none"], "none"),
        (no_source, ["train"], "made.csv"),
        (empty_source, ["train"], "made.csv"),
        (only_a_header, ["train"], "made.csv"),
        (wrong_type, ["train"], "'size' is declared float64"),
        (no_target, ["train"], "none of 400 rows can be used"),
        (no_column, ["train"], "no column 'size'"),
        (no_yaml, ["train"], "not valid YAML"),
        (infinite_test_row, ["train"], "candidate 'raw': Input X contains infinity"),
        (output_is_a_file, ["train"], "choose another --output"),
        (output_is_a_file, ["train", "--output", "out/in"], "out/in: Not a directory"),
        (nothing, ["train", "--set", "target=kind"], "name a column of numbers"),
        (nothing, ["train", "--set", "target=outcom"], "did you mean 'outcome'"),
        (nothing, ["train", "--set", "test_from=2030-01-01"], "no test rows"),
        (nothing, ["train", "--set", "test_from=2000-01-01"], "no train rows"),
        (nothing, ["train", "--set", "test_from=soon"], "test_from is 'soon'"),
        (nothing, ["train", "--set", "seed=.nan"], "'seed': Input should be a finite number"),
        (nothing, ["train", "--set", f"{RAW}={{n_estimator: 1}}"], "did you mean 'n_estimators'"),
        (nothing, ["train", "--set", f"{RAW}={{n_estimators: many}}"], "candidate 'raw': "),
        (nothing, ["train", "--set", f"{RAW}={{n_estimators: .nan}}"], "Got nan instead"),
        (nothing, ["train", "--set", HOURS], "hours=nan"),
    ],
)
def test_what_a_user_can_put_right_is_one_line_and_leaves_nothing(
    spoil: object,
    arguments: list[str],
    told: str,
    config_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert callable(spoil)
    spoil(config_path)
    out = config_path.parent / "out"
    before = sorted(config_path.parent.rglob("*"))
    monkeypatch.chdir(config_path.parent)
    monkeypatch.setenv("ROPEWALK_TRAINER_TRAIN_CONFIG", str(config_path))
    monkeypatch.setenv("ROPEWALK_TRAINER_TRAIN_OUTPUT", str(out))
    monkeypatch.setenv("ROPEWALK_TRAINER_EVALUATE_CONFIG", str(config_path))

    code = call(monkeypatch, *arguments)

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert told in said.err
    assert said.err.startswith("trainer: ")
    assert said.err.count("\n") == 1
    assert sorted(config_path.parent.rglob("*")) == before


def test_an_interrupt_is_told_and_leaves_nothing(
    config_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ropewalk.trainer.pipelines.train.score", interrupt)
    before = sorted(config_path.parent.rglob("*"))

    code = call(
        monkeypatch, "train", "--config", config_path, "--output", config_path.parent / "out"
    )

    assert code == run.INTERRUPTED
    assert capsys.readouterr().err == "trainer: interrupted\n"
    assert sorted(config_path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", ["report.html", "predict_me.csv"])
def test_a_folder_in_the_place_of_a_result_is_named_and_kept(
    name: str,
    config_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = config_path.parent / "out" / name
    place.mkdir(parents=True)

    code = call(monkeypatch, "train", "--config", config_path, "--output", place.parent)

    said = capsys.readouterr()
    assert code == 2
    assert said.err == f"trainer: {place}: Is a directory; choose another --output\n"
    assert not list(place.parent.glob(".*"))


def test_a_baseline_that_wins_is_said_to(
    config_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = config_path.parent / "out"
    only = "candidates={mean: {model: naive}}"

    code = call(monkeypatch, "train", "--config", config_path, "--output", out, "--set", only)

    assert code == 0
    assert "mean wins: no model has a smaller RMSE than" in capsys.readouterr().out
