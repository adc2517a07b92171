"""The bundle: everything that prediction needs, in one folder that holds nothing executable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier

from ropewalk.models.common.bundle_file import write_file
from ropewalk.models.common.bundle_folder import verify_copy, write_folder
from ropewalk.models.common.conformal import ConformalIntervals, ConformalSets
from ropewalk.models.common.example import record_example, replay_example
from ropewalk.models.common.json_text import read_json, write_json
from ropewalk.models.common.loaded_bundle import Bundle, made_columns, property_names
from ropewalk.models.common.manifest import MANIFEST, Manifest
from ropewalk.models.common.mlmodel import MLMODEL, check_mlmodel, write_mlmodel
from ropewalk.models.common.private_copy import LIMITS, BundleLimits, private_copy
from ropewalk.models.common.signing import sign_folder
from ropewalk.models.common.skops_file import dump_estimator, load_estimator
from ropewalk.models.errors import BundleError, reason


def save_bundle(
    folder: str | Path,
    *,
    pipeline: BaseEstimator,
    preparation: BaseEstimator | None,
    input_schema: Mapping[str, object],
    output_schema: Mapping[str, object],
    prediction_time: str,
    metrics: Mapping[str, object],
    lineage: Mapping[str, object],
    card: str,
    example: pd.DataFrame,
    trusted: Sequence[str],
    calibration: ConformalIntervals | ConformalSets | None = None,
    profile: Mapping[str, object] | None = None,
    single_row_exact: bool | None = None,
    signing_key: Path | None = None,
    limits: BundleLimits = LIMITS,
) -> None:
    """Save a model and all that belongs to it, once it is known that it can be loaded.

    The same model gives the same bytes. A bundle that is there already is replaced whole.

    Parameters
    ----------
    folder : str or Path
        Where the bundle goes.
    pipeline : BaseEstimator
        Fitted: predicts from a frame of exactly the columns of `input_schema`, in that order.
    preparation : BaseEstimator or None
        Fitted transformer: makes of raw rows a float64 matrix, whose columns
        `get_feature_names_out` names. These are input columns that raw rows lack.
    input_schema : mapping
        JSON Schema of one row for `pipeline`, with the `x-dtype` of each property: int64,
        float64, string, bool or datetime.
    output_schema : mapping
        JSON Schema of one prediction; the first property is the target.
    prediction_time : str
        Name of the time column at which a prediction is made.
    metrics, lineage : mapping
        How good the model is, and where it comes from: whatever JSON can hold.
    card : str
        The model card, Markdown.
    example : DataFrame of shape (n_rows, n_columns)
        A few input rows. Whoever loads the bundle predicts them, and compares.
    trusted : sequence of str
        Types that the model may hold, by their full name: `TRUSTED_TYPES` and your own.
    calibration : ConformalIntervals or ConformalSets, optional
        Fitted on rows that the pipeline did not learn from: of a classifier sets, else intervals.
    profile : mapping, optional
        What the training data and the predictions were like: `reference_profile` makes one.
    single_row_exact : bool, optional
        What `is_exact` found of the pipeline's `compile_row`, on the training rows.
    signing_key : Path, optional
        A private key in PEM: the bundle is signed with it, which takes the extra `signing`.
    limits : BundleLimits, optional
        The most that it may be.

    Raises
    ------
    BundleError
        If the model can't be loaded with these types or does not predict the example, something
        has no place in JSON, or `folder` holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from ropewalk.models import TRUSTED_TYPES, OlsrRegressor
    >>> flights = pd.DataFrame({"dep_hour": [6.0, 12.0, 18.0]})
    >>> model = OlsrRegressor().fit(flights, [0.0, 10.0, 20.0])
    >>> with tempfile.TemporaryDirectory() as place:
    ...     save_bundle(
    ...         f"{place}/bundle",
    ...         pipeline=model,
    ...         preparation=None,
    ...         input_schema={"properties": {"dep_hour": {"x-dtype": "float64"}}},
    ...         output_schema={"properties": {"arr_delay": {"type": "number"}}},
    ...         prediction_time="sched_dep_time",
    ...         metrics={"rmse": 0.0},
    ...         lineage={},
    ...         card="# Delays by hour",
    ...         example=flights,
    ...         trusted=TRUSTED_TYPES,
    ...     )
    ...     bundle = load_bundle(f"{place}/bundle", trusted=TRUSTED_TYPES)
    >>> bundle.target, bundle.columns
    ('arr_delay', ['dep_hour'])
    >>> bundle.predict(pd.DataFrame({"dep_hour": [9.0]})).round(6)
    array([5.])
    """
    try:
        with TemporaryDirectory(prefix="ropewalk-") as private:
            copy = Path(private) / "bundle"
            copy.mkdir()
            models = {"pipeline": pipeline, "preparation": preparation, "calibration": calibration}
            for name, model in models.items():
                if model is not None:
                    dump_estimator(copy / f"{name}.skops", model)
            recorded = record_example(pipeline, example, input_schema)
            texts = {
                "input_schema.json": input_schema,
                "output_schema.json": output_schema,
                "metrics.json": metrics,
                "lineage.json": lineage,
                "example.json": recorded,
                **({} if profile is None else {"profile.json": profile}),
            }
            for name, value in texts.items():
                (copy / name).write_bytes(write_json(name, value))
            if not (targets := property_names(output_schema)):
                raise BundleError("output_schema.json: has no properties: declare the target")
            predictions = np.asarray(recorded["predictions"])
            (copy / MLMODEL).write_bytes(write_mlmodel(input_schema, targets[0], predictions))
            (copy / "card.md").write_bytes(card.encode(errors="replace"))
            for path in copy.iterdir():
                limits.check_file(path.name, path.stat().st_size)
            manifest = Manifest.describe(copy, prediction_time, single_row_exact)
            (copy / MANIFEST).write_bytes(manifest.write())
            if signing_key is not None:
                sign_folder(copy, signing_key)
            open_copy(copy, trusted=trusted)
            write_folder(Path(folder), copy)
    except OSError as error:
        raise BundleError(
            f"{folder}: can't be made in {gettempdir()} ({error.strerror}): make room there, or"
            " name another folder for temporary files by TMPDIR"
        ) from error


def load_bundle(
    place: str | Path,
    *,
    trusted: Sequence[str],
    verifying_key: Path | None = None,
    limits: BundleLimits = LIMITS,
) -> Bundle:
    """Load a bundle, once every byte of it is verified and it predicts its own example.

    Parameters
    ----------
    place : str or Path
        The bundle: a folder, or a single file that `pack_bundle` made.
    trusted : sequence of str
        Types that the model may hold, by their full name: `TRUSTED_TYPES` and your own.
    verifying_key : Path, optional
        The public key, in PEM, that belongs to the private one with which it must be signed;
        without it, a signature is not looked at.
    limits : BundleLimits, optional
        The most that it may be.

    Returns
    -------
    Bundle
        The model and all that belongs to it.

    Raises
    ------
    BundleError
        If it is not signed with the key that is asked for; if a file is missing, is not in the
        manifest, was changed, is a link or too large; if the bundle is of a later format or needs
        versions that are not here; if it holds a type that is not trusted; or if it predicts its
        example differently than when saved.

    Examples
    --------
    `save_bundle` shows one that is loaded.

    >>> load_bundle("nowhere", trusted=())
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: nowhere: no bundle there (...): train a model first
    """
    with _named(place), private_copy(Path(place), limits) as copy:
        return open_copy(copy, trusted=trusted, verifying_key=verifying_key)


def pack_bundle(folder: str | Path, file: str | Path, *, limits: BundleLimits = LIMITS) -> None:
    """Make a single file of a bundle, once every byte of it is verified.

    Parameters
    ----------
    folder : str or Path
        The bundle.
    file : str or Path
        Where the file goes: a zip file, not compressed, the same bytes for the same bundle. A
        signature stays in it.
    limits : BundleLimits, optional
        The most that the bundle may be.

    Raises
    ------
    BundleError
        If the bundle is damaged, or the file can't be written.

    Examples
    --------
    >>> pack_bundle("nowhere", "bundle.zip")
    Traceback (most recent call last):
      ...
    ropewalk.models.errors.BundleError: nowhere: no bundle there (...): train a model first
    """
    with _named(folder), private_copy(Path(folder), limits) as copy:
        verify_copy(copy)
        write_file(Path(file), copy)


def open_copy(folder: Path, *, trusted: Sequence[str], verifying_key: Path | None = None) -> Bundle:
    """Load a bundle from a folder that nobody else can change, once it is verified there.

    Parameters
    ----------
    folder : Path
        A private copy of the bundle, as `private_copy` makes it.
    trusted, verifying_key
        As `load_bundle` takes them.

    Returns
    -------
    Bundle
        The model and all that belongs to it; the folder is no longer needed.

    Raises
    ------
    BundleError
        As `load_bundle` raises it.
    """
    manifest = verify_copy(folder, verifying_key)
    values = {
        name: read_json(name, (folder / name).read_bytes())
        for name in manifest.files
        if name.endswith(".json")
    }
    models = {
        name: load_estimator(folder / name, trusted)
        for name in manifest.files
        if name.endswith(".skops")
    }
    if not property_names(values["output_schema.json"]):
        raise BundleError("output_schema.json: has no properties: declare the target")
    check_mlmodel((folder / MLMODEL).read_bytes())
    frame = replay_example(
        models["pipeline.skops"], values["example.json"], values["input_schema.json"]
    )
    preparation, calibration = (
        models.get(f"{name}.skops") for name in ("preparation", "calibration")
    )
    if preparation is not None:
        made_columns(preparation)
    bundle = Bundle(
        pipeline=models["pipeline.skops"],
        preparation=preparation,
        input_schema=values["input_schema.json"],
        output_schema=values["output_schema.json"],
        prediction_time=manifest.prediction_time,
        calibration=calibration,
        profile=values.get("profile.json"),
        metrics=values["metrics.json"],
        lineage=values["lineage.json"],
        card=(folder / "card.md").read_bytes().decode(errors="replace"),
        example=frame,
        manifest=manifest,
    )
    if calibration is not None:
        _check_calibration(bundle)
    return bundle


@contextmanager
def _named(place: str | Path) -> Iterator[None]:
    """Say in an error which bundle it is about."""
    try:
        yield
    except BundleError as error:
        raise BundleError(f"{place}: {error}") from error


def _check_calibration(bundle: Bundle) -> None:
    is_class = is_classifier(bundle.pipeline)
    try:
        if is_class:
            bundle.predict_set(bundle.example, level=0.5)
        else:
            low, high = bundle.predict_interval(bundle.example, level=0.5)
            if not np.isfinite([low, high]).all():
                raise ValueError("an interval without end")
    except Exception as error:  # Whatever wrong arrays raise.
        kind = "ConformalSets" if is_class else "ConformalIntervals"
        raise BundleError(
            f"calibration.skops: tells nothing of the example ({reason(error)}): give a fitted"
            f" {kind} whose groups are input columns"
        ) from error
