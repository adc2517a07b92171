"""The whole flow for numbers."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ropewalk.features.build_numeric_features.filter import Filter
from ropewalk.features.build_numeric_features.postfilter import Postfilter
from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.numeric_flow import NumericFlow, plain_number
from ropewalk.features.common.row_form import RowForm
from ropewalk.features.errors import FeatureError


class BuildNumericFeatures(NumericFlow):
    """Clip, fill gaps and mark them, drop columns that say nothing, and scale if asked.

    In this order: `Filter`; scikit-learn's ``SimpleImputer`` with a column
    ``missingindicator_<name>`` for each column that had gaps while fitting; `Postfilter`;
    scikit-learn's ``StandardScaler``.

    Parameters
    ----------
    quantiles : tuple of (float, float) or None, default=(0.001, 0.999)
        Quantiles of the training rows to which values are clipped; None clips nothing. Infinite
        values always become missing.
    impute : {"median", "mean"} or None, default="median"
        What fills a gap; None leaves NaN, which trees take, and adds no indicator columns.
    threshold : float or None, default=0.999
        Drop a column whose correlation with an earlier one is above this; None drops exact
        repeats only.
    scale : bool, default=False
        Whether to bring each column to mean 0 and standard deviation 1.

    Attributes
    ----------
    pipeline_ : Pipeline
        The fitted steps.
    account_ : list of AccountRow
        A row for each column that came in, then one for each indicator column dropped again.

    Examples
    --------
    >>> flights = pd.DataFrame({"wind_gust": [20.0, None, 30.0, 25.0], "year": [2013] * 4})
    >>> flow = BuildNumericFeatures(quantiles=None).set_output(transform="pandas")
    >>> flow.fit_transform(flights)
       wind_gust  missingindicator_wind_gust
    0       20.0                         0.0
    1       25.0                         1.0
    2       30.0                         0.0
    3       25.0                         0.0
    >>> for row in flow.account_:
    ...     print(row["column"], row["action"], row["reason"], sep=" | ")
    wind_gust | changed | 1 missing filled with the median 25 and marked
    year | dropped | constant
    """

    pipeline_: Pipeline

    def __init__(
        self,
        quantiles: tuple[float, float] | None = (0.001, 0.999),
        impute: Literal["median", "mean"] | None = "median",
        threshold: float | None = 0.999,
        scale: bool = False,
    ) -> None:
        self.quantiles = quantiles
        self.impute = impute
        self.threshold = threshold
        self.scale = scale

    def _check_parameters(self) -> None:
        if self.impute not in ("median", "mean", None):
            raise FeatureError(f"impute={self.impute!r}: give 'median', 'mean' or None")

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        values = self._numbers(frame)
        names = [str(name) for name in frame.columns]
        steps: list[tuple[str, object]] = [("filter", Filter(quantiles=self.quantiles))]
        if self.impute is not None:
            # A column that is missing everywhere becomes zeros here, and goes as a constant.
            fill = SimpleImputer(strategy=self.impute, add_indicator=True, keep_empty_features=True)
            steps.append(("impute", fill))
        steps.append(("postfilter", Postfilter(threshold=self.threshold)))
        if self.scale:
            steps.append(("scale", StandardScaler()))
        # Inside, arrays: names are put on at the end, whatever scikit-learn's global output is.
        self.pipeline_ = Pipeline(steps).set_output(transform="default")
        self.pipeline_.fit(values)
        return self._tell(values, names)

    def _tell(self, values: NDArray[np.float64], names: list[str]) -> list[AccountRow]:
        """Put the accounts of the steps together."""
        steps = self.pipeline_.named_steps
        gaps = (~np.isfinite(values)).sum(axis=0)
        before = Pipeline(self.pipeline_.steps[: -2 if self.scale else -1])
        inside = [str(name) for name in before.get_feature_names_out(names)]
        account = []
        for number, told in enumerate(steps["postfilter"].tell(inside)):
            reason = told["reason"]
            if number >= len(names):
                if told["action"] == "dropped":
                    account.append(
                        AccountRow(column=inside[number], action="dropped", reason=reason)
                    )
                continue
            if gaps[number] == len(values):
                reason = "missing everywhere"
            if told["action"] == "dropped":
                account.append(AccountRow(column=names[number], action="dropped", reason=reason))
                continue
            filtered = steps["filter"].account_[number]
            reasons = [filtered["reason"]] if filtered["action"] == "changed" else []
            if self.impute is not None and gaps[number]:
                value = steps["impute"].statistics_[number]
                reasons.append(
                    f"{gaps[number]} missing filled with the {self.impute} {value:.6g} and marked"
                )
            if self.scale:
                reasons.append("scaled")
            account.append(
                AccountRow(
                    column=names[number],
                    action="changed" if reasons else "kept",
                    reason="; ".join(reasons) or "nothing to mend",
                )
            )
        return account

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        built: NDArray[np.float64] = self.pipeline_.transform(self._numbers(frame))
        return built

    def _row_form(self) -> RowForm:
        steps = self.pipeline_.named_steps
        lower, upper = (
            bound.tolist() for bound in (steps["filter"].lower_, steps["filter"].upper_)
        )
        fill, marked = [math.nan] * len(lower), []
        if self.impute is not None:
            fill = steps["impute"].statistics_.tolist()
            marked = steps["impute"].indicator_.features_.tolist()
        columns = list(zip(self._input_names(), lower, upper, fill, strict=True))
        kept = steps["postfilter"].kept_.tolist()
        mean, scale = [0.0] * len(kept), [1.0] * len(kept)
        if self.scale:
            mean, scale = (
                given.tolist() for given in (steps["scale"].mean_, steps["scale"].scale_)
            )
        places = list(zip(kept, mean, scale, strict=True))
        flow = type(self).__name__

        def build(row: Mapping[str, object]) -> list[float]:
            values, gaps = [], []
            for name, low, high, instead in columns:
                value = row[name]
                # Most are: a call for each of them would take half the time.
                number = value if type(value) is float else plain_number(flow, name, value)
                is_gap = not math.isfinite(number)
                gaps.append(is_gap)
                values.append(instead if is_gap else min(max(number, low), high))
            values += [1.0 if gaps[position] else 0.0 for position in marked]
            return [(values[place] - middle) / width for place, middle, width in places]

        return build

    def _names(self, inputs: list[str]) -> list[str]:
        return [str(name) for name in self.pipeline_.get_feature_names_out(inputs)]
