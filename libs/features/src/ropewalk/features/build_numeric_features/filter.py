"""Values that can't be, and values far out."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.numeric_flow import NumericFlow
from ropewalk.features.errors import FeatureError


class Filter(NumericFlow):
    """Make infinite values missing, and clip the others to the range that training rows had.

    Missing stays missing. A column whose quantiles fall together (a rare event: almost always
    zero) is not clipped, because that would wipe out the event.

    Parameters
    ----------
    quantiles : tuple of (float, float) or None, default=(0.001, 0.999)
        The quantiles of the training rows to clip to; None clips nothing.

    Attributes
    ----------
    lower_, upper_ : ndarray of float64, shape (n_features_in_,)
        What is clipped to; infinite where nothing is clipped.

    Examples
    --------
    >>> speeds = pd.DataFrame({"wind_speed": [5.0, 6.0, 7.0, 8.0, np.inf]})
    >>> clip = Filter(quantiles=(0.0, 1.0)).fit(speeds)
    >>> clip.transform(pd.DataFrame({"wind_speed": [1048.0, np.inf, 6.5]})).ravel()
    array([8. , nan, 6.5])
    """

    lower_: NDArray[np.float64]
    upper_: NDArray[np.float64]

    def __init__(self, quantiles: tuple[float, float] | None = (0.001, 0.999)) -> None:
        self.quantiles = quantiles

    def _check_parameters(self) -> None:
        if self.quantiles is None:
            return
        low, high = self.quantiles
        if not 0 <= low < high <= 1:
            raise FeatureError(
                f"quantiles={self.quantiles!r}: give two that rise from 0 to 1, such as "
                "(0.001, 0.999), or None to clip nothing"
            )

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        values = self._numbers(frame)
        infinite = np.isinf(values)
        width = values.shape[1]
        self.lower_ = np.full(width, -np.inf)
        self.upper_ = np.full(width, np.inf)
        account = []
        for number, name in enumerate(frame.columns):
            column = values[:, number]
            finite = column[np.isfinite(column)]
            told = []
            if count := int(infinite[:, number].sum()):
                told.append(f"{count} infinite made missing")
            if self.quantiles is not None and finite.size:
                low, high = np.quantile(finite, self.quantiles)
                if low < high:
                    self.lower_[number], self.upper_[number] = low, high
                    out = int(((finite < low) | (finite > high)).sum())
                    if out:
                        told.append(f"{out} clipped to {low:.6g} .. {high:.6g}")
            account.append(
                AccountRow(
                    column=str(name),
                    action="changed" if told else "kept",
                    reason="; ".join(told) or "nothing to clip",
                )
            )
        return account

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        values = self._numbers(frame)
        values = np.where(np.isinf(values), np.nan, values)
        clipped: NDArray[np.float64] = np.clip(values, self.lower_, self.upper_)
        return clipped

    def _names(self, inputs: list[str]) -> list[str]:
        return inputs
