from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import model_signing  # noqa: F401 (what the extra brings)
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from ropewalk.models import (
    TRUSTED_TYPES,
    Bundle,
    BundleError,
    BundleLimits,
    ConformalIntervals,
    ConformalSets,
    ModelError,
    ModelInputError,
    OlsrRegressor,
    bundle_digest,
    load_bundle,
    pack_bundle,
    reference_profile,
    save_bundle,
)
from ropewalk.models.common.manifest import MANIFEST, Manifest
from ropewalk.models.common.signing import SIGNATURE
from ropewalk.models.common.skops_file import dump_estimator

INPUT_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "dep_hour": {"type": ["number", "null"], "x-dtype": "float64"},
        "origin": {"type": "string", "x-dtype": "string"},
        "sched_dep_time": {"type": "string", "format": "date-time", "x-dtype": "datetime"},
        "history__dep_delay": {"type": "number", "x-dtype": "float64"},
    },
}
OUTPUT_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {"arr_delay": {"type": "number", "x-unit": "minutes"}},
}
COLUMNS = ["dep_hour", "origin", "sched_dep_time", "history__dep_delay"]
RAW = pd.DataFrame(
    {
        "sched_dep_time": pd.date_range("2013-10-01", periods=60, freq="h", tz="UTC").as_unit("us"),
        "dep_hour": np.arange(60.0) % 24,
        "origin": pd.Series(["JFK", "EWR", "LGA"] * 20, dtype="str"),
        "dep_delay": np.arange(60.0) % 7,
    }
)
DELAY = (RAW["dep_hour"] + 5 * RAW["dep_delay"] + 10 * (RAW["origin"] == "JFK")).to_numpy()
TRUSTED = (*TRUSTED_TYPES, "numpy.dtype")


def _preparation() -> ColumnTransformer:
    return ColumnTransformer([("history", StandardScaler(), ["dep_delay"])]).fit(RAW)


def _rows() -> pd.DataFrame:
    made = np.asarray(_preparation().transform(RAW))[:, 0]
    return RAW.assign(history__dep_delay=made)[COLUMNS]


def _arguments(**changes: object) -> dict[str, Any]:
    features = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["dep_hour", "history__dep_delay"]),
            ("categories", OneHotEncoder(sparse_output=False), ["origin"]),
        ]
    )
    pipeline = make_pipeline(features, OlsrRegressor()).fit(_rows(), DELAY)
    return {
        "pipeline": pipeline,
        "preparation": _preparation(),
        "input_schema": INPUT_SCHEMA,
        "output_schema": OUTPUT_SCHEMA,
        "prediction_time": "sched_dep_time",
        "metrics": {"rmse": 31.95, "candidates": [{"name": "mean", "rmse": 37.52}]},
        "lineage": {"rows": 60, "config": None},
        "card": "# Delays of flights\n\nÄ model.\n",
        "example": _rows().tail(5),
        "trusted": TRUSTED,
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    save_bundle(folder, **_arguments())
    return folder


def _rewrite(folder: Path, name: str, content: bytes) -> None:
    """Change a file and the manifest with it, as someone does who may write all of a bundle."""
    (folder / name).write_bytes(content)
    (folder / MANIFEST).unlink()
    manifest = Manifest.describe(folder, "sched_dep_time")
    (folder / MANIFEST).write_bytes(manifest.write())


def _dumped(estimator: BaseEstimator) -> bytes:
    with TemporaryDirectory() as place:
        path = Path(place) / "x.skops"
        dump_estimator(path, estimator)
        return path.read_bytes()


@pytest.mark.parametrize("exact", [True, False, None])
def test_the_manifest_tells_whether_the_form_for_single_rows_is_exact(
    tmp_path: Path, exact: bool | None
) -> None:
    save_bundle(tmp_path / "bundle", **_arguments(single_row_exact=exact))

    bundle = load_bundle(tmp_path / "bundle", trusted=TRUSTED)

    assert bundle.manifest.single_row_exact is exact


def test_everything_comes_back_as_it_was_saved(folder: Path) -> None:
    saved = _arguments()

    bundle = load_bundle(folder, trusted=TRUSTED)

    for name in ("input_schema", "output_schema", "prediction_time", "metrics", "lineage", "card"):
        assert getattr(bundle, name) == saved[name], name
    pd.testing.assert_frame_equal(bundle.example, saved["example"].reset_index(drop=True))
    assert bundle.columns == COLUMNS
    assert bundle.target == "arr_delay"
    assert set(bundle.manifest.files) == {path.name for path in folder.iterdir()} - {MANIFEST}
    np.testing.assert_array_equal(bundle.predict(_rows()), saved["pipeline"].predict(_rows()))


def test_a_loaded_bundle_can_not_be_changed(folder: Path) -> None:
    bundle = load_bundle(folder, trusted=TRUSTED)

    with pytest.raises(FrozenInstanceError):
        bundle.card = "another"  # type: ignore[misc]


def test_the_same_model_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    save_bundle(tmp_path / "again", **_arguments())

    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert first == again


def test_raw_rows_are_prepared(folder: Path) -> None:
    bundle = load_bundle(folder, trusted=TRUSTED)
    raw = RAW.set_index(RAW.index[::-1])
    before = raw.copy()

    prepared = bundle.prepare(raw)

    pd.testing.assert_frame_equal(prepared.reset_index(drop=True), _rows())
    pd.testing.assert_index_equal(prepared.index, raw.index)
    pd.testing.assert_frame_equal(raw, before)
    np.testing.assert_array_equal(bundle.predict(raw), bundle.predict(_rows()))


def test_rows_that_are_prepared_already_are_taken_as_they_are(folder: Path) -> None:
    bundle = load_bundle(folder, trusted=TRUSTED)
    rows = _rows().assign(history__dep_delay=9.0, more=1)[["more", *reversed(COLUMNS)]]

    prepared = bundle.prepare(rows)

    pd.testing.assert_frame_equal(prepared, _rows().assign(history__dep_delay=9.0))


def test_who_brings_some_of_the_prepared_columns_has_to_bring_all(tmp_path: Path) -> None:
    raw = RAW.assign(delays=RAW["dep_delay"] * 2)
    preparation = ColumnTransformer([("h", StandardScaler(), ["dep_delay", "delays"])]).fit(raw)
    names = ["h__dep_delay", "h__delays"]
    rows = pd.DataFrame(preparation.transform(raw), columns=names)
    model = OlsrRegressor().fit(rows, DELAY)
    schema = {"properties": {name: {"x-dtype": "float64"} for name in names}}
    changes = {"pipeline": model, "preparation": preparation, "input_schema": schema}
    save_bundle(tmp_path / "bundle", **_arguments(**changes, example=rows.head()))
    bundle = load_bundle(tmp_path / "bundle", trusted=TRUSTED)

    assert list(bundle.prepare(raw)) == names
    with pytest.raises(BundleError, match="column 'h__delays' is missing"):
        bundle.prepare(raw.assign(h__dep_delay=0.0))


def test_a_preparation_whose_columns_the_model_does_not_use_is_not_run(tmp_path: Path) -> None:
    rows = RAW[["dep_hour"]]
    model = OlsrRegressor().fit(rows, DELAY)
    schema = {"properties": {"dep_hour": {"x-dtype": "float64"}}}
    changes = {"pipeline": model, "input_schema": schema, "example": rows.head()}
    save_bundle(tmp_path / "bundle", **_arguments(**changes))

    bundle = load_bundle(tmp_path / "bundle", trusted=TRUSTED)

    assert list(bundle.prepare(rows)) == ["dep_hour"]  # Which lacks what preparation needs.


def test_a_missing_column_is_named_with_what_may_have_been_meant(tmp_path: Path) -> None:
    save_bundle(tmp_path / "bundle", **_arguments(preparation=None))
    bundle = load_bundle(tmp_path / "bundle", trusted=TRUSTED)

    assert bundle.preparation is None
    assert not (tmp_path / "bundle" / "preparation.skops").exists()
    with pytest.raises(ModelError, match="column 'origin' is missing; did you mean 'orign'"):
        bundle.predict(_rows().rename(columns={"origin": "orign"}))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"metrics": {"rmse": float("nan")}}, r"metrics\.json: "),
        ({"lineage": {"config": object()}}, r"lineage\.json: "),
        ({"output_schema": {}}, r"output_schema\.json: has no properties"),
        ({"input_schema": {}}, r"input_schema\.json: the schema has no properties"),
        ({"input_schema": {"properties": {"gate": {"x-dtype": "string"}}}}, "'gate' is missing"),
        ({"example": _rows()[:0]}, r"example\.json: has no rows"),
        ({"example": _rows().assign(dep_hour="six")}, r"pipeline\.skops: .*ValueError"),
        ({"pipeline": StandardScaler()}, r"pipeline\.skops: the model does not predict"),
        ({"pipeline": OlsrRegressor()}, r"pipeline\.skops: the model does not predict"),
        ({"preparation": FunctionTransformer()}, r"preparation\.skops: does not name the columns"),
        ({"trusted": ()}, r"not trusted: .*OlsrRegressor"),
        ({"limits": BundleLimits(1000)}, r": \d+ bytes, more than the 1000 allowed"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(
    tmp_path: Path, changes: Mapping[str, object], told: str
) -> None:
    with pytest.raises(BundleError, match=told) as caught:
        save_bundle(tmp_path / "some" / "bundle", **_arguments(**changes))

    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_bundle_that_is_there_stays_when_the_new_one_is_refused(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(BundleError):
        save_bundle(folder, **_arguments(metrics={"rmse": float("inf")}))

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_bytes_verified_are_the_bytes_loaded(folder: Path) -> None:
    names = os.listdir(folder)
    opened: list[str] = []

    def swap(event: str, arguments: tuple[object, ...]) -> None:
        """Change each file as soon as the next one is opened."""
        if event == "open" and arguments[0] in names and arguments[0] not in opened[-1:]:
            for name in opened[-1:]:
                (folder / name).write_bytes(b"swapped")
            opened.append(str(arguments[0]))

    sys.addaudithook(swap)  # It can't be taken back, but what it looks for goes away.
    bundle = load_bundle(folder, trusted=TRUSTED)

    assert sorted(opened) == sorted(names)
    assert (folder / MANIFEST).read_bytes() == b"swapped"
    assert bundle.columns == COLUMNS
    names.clear()


def _example(folder: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    example: dict[str, Any] = json.loads((folder / "example.json").read_text())
    change(example)
    return json.dumps(example).encode()


def test_refuses_what_is_consistent_but_no_bundle(folder: Path) -> None:
    unknown = FunctionTransformer(os.system)
    attacks = [
        ("pipeline.skops", _dumped(unknown), r"not trusted: posix\.system"),
        ("preparation.skops", _dumped(unknown), r"not trusted: posix\.system"),
        ("preparation.skops", b"", r"preparation\.skops: skops can't read it"),
        ("pipeline.skops", _dumped(StandardScaler()), "does not predict the example"),
        ("input_schema.json", b"{}", "the schema has no properties"),
        ("output_schema.json", b'{"properties": 1}', r"output_schema\.json: has no properties"),
        ("metrics.json", b'{"rmse": NaN}', r"metrics\.json: no JSON"),
        ("lineage.json", b"[]", r"lineage\.json: no JSON object"),
        ("example.json", b"{}", r"example\.json: has no rows"),
        (
            "example.json",
            _example(folder, lambda e: e["predictions"].__setitem__(2, 999.0)),
            r"example\.json: row 2 had predictions 999\.0 when saved, and has ",
        ),
    ]
    for name, content, told in attacks:
        before = (folder / name).read_bytes()
        _rewrite(folder, name, content)

        with pytest.raises(BundleError, match=told) as caught:
            load_bundle(folder, trusted=TRUSTED)

        assert str(caught.value).startswith(f"{folder}: ")
        assert "\n" not in str(caught.value)
        _rewrite(folder, name, before)
    load_bundle(folder, trusted=TRUSTED)


def test_refuses_another_model_beside_this_example(folder: Path, tmp_path: Path) -> None:
    other = _arguments()["pipeline"].fit(_rows(), DELAY + 1)
    _rewrite(folder, "pipeline.skops", _dumped(other))

    with pytest.raises(BundleError, match="row 0 had predictions"):
        load_bundle(folder, trusted=TRUSTED)


def test_a_card_of_any_bytes_can_be_read(folder: Path) -> None:
    _rewrite(folder, "card.md", b"\xff")

    assert load_bundle(folder, trusted=TRUSTED).card == "\ufffd"


def test_refuses_a_file_above_the_limit(folder: Path) -> None:
    with pytest.raises(BundleError, match="more than the 100 allowed: give limits with more"):
        load_bundle(folder, trusted=TRUSTED, limits=BundleLimits(100))


def test_two_loaded_bundles_are_equal_only_to_themselves(folder: Path) -> None:
    bundle: Bundle = load_bundle(folder, trusted=TRUSTED)

    assert bundle != load_bundle(folder, trusted=TRUSTED)


def test_a_signed_bundle_is_loaded_with_the_key_and_without(
    folder: Path, tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    save_bundle(tmp_path / "signed", **_arguments(), signing_key=keys[0])

    for key in (keys[1], None):
        bundle = load_bundle(tmp_path / "signed", trusted=TRUSTED, verifying_key=key)
        assert bundle.manifest == load_bundle(folder, trusted=TRUSTED).manifest
    assert bundle_digest(tmp_path / "signed") == bundle_digest(folder) == bundle.manifest.digest
    save_bundle(tmp_path / "signed", **_arguments())  # Replaced like any other.
    assert not (tmp_path / "signed" / SIGNATURE).exists()


@pytest.mark.parametrize("signature", [None, b"", b"{}"])
def test_with_a_key_not_a_byte_of_an_unsigned_bundle_is_parsed(
    folder: Path, keys: tuple[Path, Path], signature: bytes | None
) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"no JSON")
    if signature is not None:
        (folder / SIGNATURE).write_bytes(signature)

    with pytest.raises(BundleError, match=r"bundle: model\.sig: (missing|is no signature)"):
        load_bundle(folder, trusted=TRUSTED, verifying_key=keys[1])
    with pytest.raises(BundleError, match=r"bundle: manifest\.json: no JSON"):
        load_bundle(folder, trusted=TRUSTED)


def test_what_can_not_be_signed_is_not_saved(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(BundleError, match="is no private key in PEM"):
        save_bundle(tmp_path / "bundle", **_arguments(), signing_key=_closed(keys[1]))

    assert not (tmp_path / "bundle").exists()


def _closed(path: Path) -> Path:
    path.chmod(0o600)
    return path


def test_intervals_come_from_the_calibration_of_each_group(tmp_path: Path) -> None:
    arguments = _arguments()
    # Errors of ten minutes at JFK, of one elsewhere.
    error = np.where(RAW["origin"] == "JFK", 10.0, 1.0) * np.where(np.arange(60) % 2, 1, -1)
    predicted = arguments["pipeline"].predict(_rows())
    calibration = ConformalIntervals(group="origin", min_rows=10)
    calibration.fit(predicted + error, predicted, _rows())
    save_bundle(tmp_path / "bundle", **arguments, calibration=calibration)

    bundle = load_bundle(tmp_path / "bundle", trusted=TRUSTED)
    low, high = bundle.predict_interval(RAW, level=0.8)

    np.testing.assert_allclose(high - low, 2 * np.abs(error))
    np.testing.assert_allclose((high + low) / 2, predicted)
    assert bundle.classes is None
    with pytest.raises(ModelError, match=r"level is 0\.999"):
        bundle.predict_interval(RAW, level=0.999)
    for ask in (bundle.predict_set, bundle.predict_proba):
        with pytest.raises(ModelInputError, match=r"the (bundle has no sets|model gives no prob)"):
            ask(RAW)


@pytest.mark.parametrize("labels", [("late", "on time"), (0, 1)])
def test_a_classifier_gives_labels_probabilities_and_sets(
    tmp_path: Path, labels: tuple[str, str] | tuple[int, int]
) -> None:
    late = DELAY > np.median(DELAY)
    actual = pd.Series(np.where(late, labels[0], labels[1]))
    arguments = _arguments()
    pipeline = make_pipeline(clone(arguments["pipeline"][0]), LogisticRegression())
    pipeline.fit(_rows(), actual)
    probabilities = pipeline.predict_proba(_rows())
    calibration = ConformalSets().fit(actual, probabilities, pipeline.classes_)
    arguments |= {"pipeline": pipeline, "calibration": calibration}
    save_bundle(tmp_path / "bundle", **arguments)

    bundle = load_bundle(tmp_path / "bundle", trusted=TRUSTED)

    assert bundle.predict(RAW).tolist() == pipeline.predict(_rows()).tolist()
    assert set(bundle.predict(RAW)) == set(labels)
    np.testing.assert_array_equal(bundle.predict_proba(RAW), probabilities)
    assert bundle.classes is not None
    assert bundle.classes.tolist() == sorted(labels, key=str)
    np.testing.assert_array_equal(
        bundle.predict_set(RAW, level=0.8), calibration.sets(probabilities, level=0.8)
    )
    with pytest.raises(ModelInputError, match="the bundle has no intervals"):
        bundle.predict_interval(RAW)


def _endless() -> ConformalIntervals:
    calibration = ConformalIntervals().fit([1.0] * 9, [1.0] * 9)
    calibration.scores_[:] = np.inf
    return calibration


@pytest.mark.parametrize(
    "calibration",
    [
        _endless(),
        ConformalSets().fit([0, 1] * 5, [[0.5, 0.5]] * 10, [0, 1]),
        ConformalIntervals(),
        ConformalIntervals(group="gate").fit([1.0], [1.0], pd.DataFrame({"gate": ["A1"]})),
    ],
    ids=["without end", "of another kind", "not fitted", "by a column that is not there"],
)
def test_a_calibration_that_does_not_fit_the_model_is_not_saved(
    tmp_path: Path, calibration: ConformalIntervals | ConformalSets
) -> None:
    with pytest.raises(BundleError, match=r"calibration\.skops: tells nothing of the example"):
        save_bundle(tmp_path / "bundle", **_arguments(calibration=calibration))

    assert not list(tmp_path.iterdir())


def test_the_profile_of_the_training_data_comes_back(folder: Path, tmp_path: Path) -> None:
    profile = reference_profile(_rows(), DELAY)
    save_bundle(tmp_path / "profiled", **_arguments(profile=profile))

    assert load_bundle(tmp_path / "profiled", trusted=TRUSTED).profile == profile
    assert load_bundle(folder, trusted=TRUSTED).profile is None


def test_a_bundle_in_a_single_file_is_the_bundle(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    save_bundle(tmp_path / "bundle", **_arguments(), signing_key=keys[0])

    pack_bundle(tmp_path / "bundle", tmp_path / "some" / "bundle.zip")
    bundle = load_bundle(tmp_path / "some" / "bundle.zip", trusted=TRUSTED, verifying_key=keys[1])

    assert bundle.manifest.digest == bundle_digest(tmp_path / "bundle")
    np.testing.assert_array_equal(
        bundle.predict(_rows()), _arguments()["pipeline"].predict(_rows())
    )


def test_a_damaged_bundle_is_not_packed(folder: Path, tmp_path: Path) -> None:
    (folder / "card.md").write_bytes(b"changed")

    with pytest.raises(BundleError, match=r"bundle: card\.md: 7 bytes, \d+ in manifest\.json"):
        pack_bundle(folder, tmp_path / "bundle.zip")

    assert not (tmp_path / "bundle.zip").exists()


def test_tells_that_there_is_no_room_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))

    with pytest.raises(BundleError, match=r"can't be made in .*nowhere \(No such file.*by TMPDIR$"):
        save_bundle(tmp_path / "bundle", **_arguments())
