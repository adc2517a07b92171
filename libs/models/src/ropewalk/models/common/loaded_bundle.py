"""A loaded bundle: a model, all that belongs to it, and what it can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier

from ropewalk.models.common.conformal import ConformalIntervals, ConformalSets
from ropewalk.models.common.manifest import Manifest
from ropewalk.models.common.names import hint
from ropewalk.models.errors import BundleError, ModelInputError, reason

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle.

    Parameters
    ----------
    pipeline : BaseEstimator
        Fitted: predicts from a frame of exactly `columns`.
    preparation : BaseEstimator or None
        Fitted transformer that makes the input columns which raw rows lack.
    input_schema : mapping
        JSON Schema of one row for `pipeline`.
    output_schema : mapping
        JSON Schema of one prediction.
    prediction_time : str
        Name of the time column at which a prediction is made.
    calibration : ConformalIntervals, ConformalSets or None
        How far off predictions were on rows that the pipeline did not learn from.
    profile : mapping or None
        What the training data and the predictions were like, as `reference_profile` tells it.
    metrics, lineage : mapping
        How good the model is, and where it comes from.
    card : str
        The model card, Markdown.
    example : DataFrame of shape (n_rows, n_columns)
        A few input rows.
    manifest : Manifest
        The files, and the versions of what made them.
    """

    pipeline: BaseEstimator
    preparation: BaseEstimator | None
    input_schema: Mapping[str, object]
    output_schema: Mapping[str, object]
    prediction_time: str
    calibration: ConformalIntervals | ConformalSets | None
    profile: Mapping[str, object] | None
    metrics: Mapping[str, object]
    lineage: Mapping[str, object]
    card: str
    example: pd.DataFrame
    manifest: Manifest

    @property
    def columns(self) -> list[str]:
        """Names of the input columns, in order."""
        return property_names(self.input_schema)

    @property
    def target(self) -> str:
        """Name of what is predicted."""
        return property_names(self.output_schema)[0]

    @property
    def classes(self) -> npt.NDArray[np.generic] | None:
        """The labels whose probabilities the model gives, in order; None if it gives none."""
        if not hasattr(self.pipeline, "predict_proba"):
            return None
        return np.asarray(self.pipeline.classes_)

    def prepare(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give rows exactly the input columns, in order.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_any)
            Raw rows, from which `preparation` makes the columns that they lack; or rows that
            have these columns already. Other columns are left out.

        Returns
        -------
        DataFrame of shape (n_rows, n_columns)
            The input columns; the frame given is left as it is.

        Raises
        ------
        BundleError
            If a column is missing.
        """
        if self.preparation is not None:
            made = made_columns(self.preparation)
            needed = set(made) & set(self.columns)
            # Who brings one of them has to bring them all: those given may tell of other rows.
            if needed and not needed & set(frame.columns):
                values = np.asarray(self.preparation.transform(frame), dtype=np.float64)
                frame = frame.assign(**dict(zip(made, values.T, strict=True)))
        for name in self.columns:
            if name not in frame.columns:
                raise BundleError(f"column {name!r} is missing; {hint(name, frame.columns)}")
        return frame[self.columns]

    def predict(self, frame: pd.DataFrame) -> npt.NDArray[np.generic]:
        """Predict the target of each row.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_any)
            Rows as `prepare` takes them.

        Returns
        -------
        ndarray of shape (n_rows,)
            Predictions: float64, or of a classifier its labels.

        Raises
        ------
        BundleError
            If a column is missing.
        """
        return predict(self.pipeline, self.prepare(frame))

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        """Give the probability of each class.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_any)
            Rows as `prepare` takes them.

        Returns
        -------
        ndarray of float64 of shape (n_rows, n_classes)
            Probabilities, in the order of `classes`.

        Raises
        ------
        BundleError
            If a column is missing.
        ModelInputError
            A ValueError: if the model gives no probabilities.
        """
        if self.classes is None:
            raise ModelInputError(
                "the model gives no probabilities: train a classifier with predict_proba"
            )
        return np.asarray(self.pipeline.predict_proba(self.prepare(frame)), dtype=np.float64)

    def predict_interval(self, frame: pd.DataFrame, level: float = 0.9) -> tuple[Floats, Floats]:
        """Tell between which two numbers the target of each row will lie.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_any)
            Rows as `prepare` takes them.
        level : float, default=0.9
            How often the target shall be inside, between 0 and 1.

        Returns
        -------
        low, high : ndarray of float64 of shape (n_rows,)
            Both ends, inclusive.

        Raises
        ------
        BundleError
            If a column is missing.
        ModelInputError
            A ValueError: if the bundle was saved without `ConformalIntervals`, or the level is not
            between 0 and 1 or too high for the rows calibrated on.
        """
        if not isinstance(self.calibration, ConformalIntervals):
            raise ModelInputError(
                "the bundle has no intervals: save it with calibration=ConformalIntervals(...)"
            )
        rows = self.prepare(frame)
        return self.calibration.interval(self.pipeline.predict(rows), rows, level)

    def predict_set(self, frame: pd.DataFrame, level: float = 0.9) -> npt.NDArray[np.bool_]:
        """Tell which classes each row may have.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_any)
            Rows as `prepare` takes them.
        level : float, default=0.9
            How often the true class shall be in its set, between 0 and 1.

        Returns
        -------
        ndarray of bool of shape (n_rows, n_classes)
            Whether a class is in a row's set, in the order of `classes`.

        Raises
        ------
        BundleError
            If a column is missing.
        ModelInputError
            A ValueError: if the bundle was saved without `ConformalSets`, or the level is not
            between 0 and 1 or too high for the rows calibrated on.
        """
        if not isinstance(self.calibration, ConformalSets):
            raise ModelInputError(
                "the bundle has no sets: save it with calibration=ConformalSets(...)"
            )
        rows = self.prepare(frame)
        return self.calibration.sets(self.pipeline.predict_proba(rows), rows, level)


def predict(pipeline: BaseEstimator, rows: pd.DataFrame) -> npt.NDArray[np.generic]:
    """Ask a model, and give its labels as they are and all else as float64."""
    found = np.asarray(pipeline.predict(rows))
    return found if is_classifier(pipeline) else found.astype(np.float64)


def made_columns(preparation: BaseEstimator) -> list[str]:
    """Name the columns that the preparation makes."""
    try:
        return [str(name) for name in preparation.get_feature_names_out()]
    except Exception as error:  # Whatever a third party's transformer raises.
        raise BundleError(
            f"preparation.skops: does not name the columns that it makes ({reason(error)}):"
            " give a fitted transformer with get_feature_names_out"
        ) from error


def property_names(schema: Mapping[str, object]) -> list[str]:
    """Name the properties of a JSON Schema, in order."""
    properties = schema.get("properties")
    return list(properties) if isinstance(properties, Mapping) else []
