from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ropewalk.data_loaders import Schema, read_source
from ropewalk.models import BundleError, ModelStore, compile_row, is_exact, load_bundle
from ropewalk.trainer.configuration import read_config
from ropewalk.trainer.pipelines.evaluate import TRUSTED_TYPES, evaluate
from ropewalk.trainer.pipelines.train import CANDIDATE, publish, save, train


def test_the_smallest_error_wins(config_path: Path) -> None:
    steps: list[str] = []

    training = train(read_config(config_path), steps.append)

    assert training.winner.name == "line"
    assert training.winner.rmse == min(one.rmse for one in training.scores)
    assert training.winner.rmse_skill > 50
    fits = [f"fitting {name}" for name in ("mean", "median", "line", "raw")]
    shares = [f"fitting raw, {share} %" for share in (20, 40, 60, 80, 100)]
    assert steps == ["loading", *fits, *shares, "calibrating line"]


def test_a_baseline_wins_where_nothing_can_be_learnt(config_path: Path, rows: pd.DataFrame) -> None:
    generator = np.random.default_rng(1)
    rows["outcome"] = generator.normal(size=len(rows))
    rows.to_csv(config_path.parent / "made.csv", index=False)

    training = train(read_config(config_path, {"choose_by": "mae"}))
    results = save(training, config_path.parent / "out")

    assert training.winner.is_baseline
    assert "No model predicts" in results.report.read_text()


def test_the_bundle_predicts_what_the_training_did(config_path: Path) -> None:
    training = train(read_config(config_path))

    results = save(training, config_path.parent / "out")

    bundle = load_bundle(results.bundle, trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(
        bundle.predict(training.data.test), training.predictions[training.winner.name]
    )
    schema = Schema.from_json_schema(bundle.input_schema)
    to_try = read_source(results.rows_to_try, schema).load(columns=bundle.columns)
    np.testing.assert_array_equal(
        bundle.predict(to_try), training.predictions[training.winner.name]
    )
    assert bundle.target == "outcome"
    assert bundle.metrics["winner"] == "line"


def test_the_bundle_makes_the_history_of_raw_rows_itself(
    config_path: Path, rows: pd.DataFrame
) -> None:
    config = read_config(config_path)
    training = train(config)
    results = save(training, config_path.parent / "out")

    raw = read_source(config.source).load()
    predicted = load_bundle(results.bundle, trusted=TRUSTED_TYPES).predict(raw)

    np.testing.assert_array_equal(predicted[training.data.test.index], training.predictions["line"])


def test_the_same_data_and_configuration_give_the_same_bytes(config_path: Path) -> None:
    folders = [config_path.parent / name for name in ("one", "two")]

    for folder in folders:
        save(train(read_config(config_path)), folder)

    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in folders
    )
    assert len(one) >= 10
    assert one == two


def test_a_winner_without_history_needs_no_preparation(config_path: Path) -> None:
    config = read_config(
        config_path, {"candidates.line.flows": "[kinds, sizes]", "choose_by": "mae"}
    )

    results = save(train(config), config_path.parent / "out")

    assert load_bundle(results.bundle, trusted=TRUSTED_TYPES).preparation is None


def test_the_report_needs_nothing_from_elsewhere_and_escapes_what_it_is_given(
    config_path: Path,
) -> None:
    config = read_config(
        config_path, {"candidates.mean.description": "'<script>alert(1)</script>'"}
    )

    page = save(train(config), config_path.parent / "out").report.read_text()

    assert "<script>" not in page
    assert page.count("<svg ") == 3
    assert page.count('role="img"') == 3
    for outside in ("<link", "src=", "@import", "url(http"):
        assert outside not in page
    assert "4" in page
    assert "outcome' is missing" in page or "outcome&#39; is missing" in page


@pytest.mark.parametrize("name", ["bundle", "report.html", "predict_me.csv"])
def test_what_was_there_is_replaced(config_path: Path, name: str) -> None:
    out = config_path.parent / "out"
    training = train(read_config(config_path))
    save(training, out)

    save(training, out)

    assert (out / name).exists()
    assert len(list(out.iterdir())) == 3


def test_the_bundle_goes_into_a_store_as_the_candidate(config_path: Path, tmp_path: Path) -> None:
    training = train(read_config(config_path))
    results = save(training, config_path.parent / "out")
    place = str(tmp_path / "store")

    first = publish(training, results, place)
    again = publish(training, results, place)

    assert str(first) == str(again) == "made/1"
    store = ModelStore(place)
    moves = store.history("made", CANDIDATE)
    assert [move.why for move in moves] == [f"trained: RMSE {training.winner.rmse:.2f}"]
    bundle = store.load(f"made@{CANDIDATE}", trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(bundle.predict(training.data.test), training.predictions["line"])


def test_the_bundle_says_how_far_to_trust_it(config_path: Path) -> None:
    training = train(read_config(config_path))
    results = save(training, config_path.parent / "out")

    bundle = load_bundle(results.bundle, trusted=TRUSTED_TYPES)
    low, high = bundle.predict_interval(training.data.test, level=0.9)

    actual = training.data.test["outcome"]
    inside = ((low <= actual) & (actual <= high)).mean()
    assert training.coverage.inside == pytest.approx(inside)
    assert bundle.metrics["coverage"] == vars(training.coverage)
    assert f"{100 * inside:.1f} %" in bundle.card
    assert bundle.profile is not None
    assert bundle.profile["rows"] == len(training.data.train)
    assert bundle.lineage["config_sha256"]


def test_with_a_key_the_bundle_is_signed(config_path: Path, keys: tuple[Path, Path]) -> None:
    private, public = keys
    training = train(read_config(config_path))

    signed = save(training, config_path.parent / "signed", signing_key=private)
    plain = save(training, config_path.parent / "plain")

    scores = evaluate(training.config, signed.bundle, verifying_key=public)
    assert scores[-1].rmse == training.winner.rmse
    with pytest.raises(BundleError, match=r"model\.sig: missing"):
        evaluate(training.config, plain.bundle, verifying_key=public)


def test_the_bundle_says_that_single_rows_are_exact(config_path: Path) -> None:
    training = train(read_config(config_path))
    results = save(training, config_path.parent / "out")

    bundle = load_bundle(results.bundle, trusted=TRUSTED_TYPES)
    predict = compile_row(bundle.pipeline)

    assert bundle.manifest.single_row_exact is True
    assert predict is not None
    assert is_exact(predict, bundle.pipeline, training.data.test[bundle.columns])
