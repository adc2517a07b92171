"""Columns that say nothing, or nothing new."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.numeric_flow import NumericFlow
from ropewalk.features.errors import FeatureColumnError, FeatureError


class Postfilter(NumericFlow):
    """Drop columns that are constant, that repeat another, or that follow another on a line.

    Of columns that say the same the first stays. A column with gaps is constant only if it is
    missing everywhere: one value and gaps still tell two kinds of rows apart. Two columns are
    compared only if they are missing in the same rows.

    Parameters
    ----------
    threshold : float or None, default=0.999
        Drop a column whose correlation with an earlier one is above this, in absolute value; None
        drops exact repeats only.

    Attributes
    ----------
    kept_ : ndarray of int64, shape (n_features_out,)
        Positions of the columns that stay.
    why_ : list of tuple of (str, int)
        For each column that goes why, and the position of the column that it follows or -1; for
        one that stays an empty text and -1.

    Examples
    --------
    >>> frame = pd.DataFrame({"miles": [1.0, 2.0, 4.0], "km": [1.6, 3.2, 6.4], "year": 2013})
    >>> Postfilter().fit(frame).get_feature_names_out()
    array(['miles'], dtype=object)
    >>> [row["reason"] for row in Postfilter().fit(frame).account_]
    ['says something', "correlation 1.0000 with 'miles'", 'constant']
    """

    kept_: NDArray[np.int64]
    why_: list[tuple[str, int]]

    def __init__(self, threshold: float | None = 0.999) -> None:
        self.threshold = threshold

    def _check_parameters(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise FeatureError(
                f"threshold={self.threshold!r}: give a correlation above 0 and at most 1, or None"
            )

    def tell(self, names: list[str]) -> list[AccountRow]:
        """Give the account under other names, for a flow that has this one inside.

        Parameters
        ----------
        names : list of str, length n_features_in_
            Names of the columns that came in.

        Returns
        -------
        list of AccountRow, length n_features_in_
            Which column stays, and why the others go.
        """
        return [
            AccountRow(
                column=name,
                action="dropped" if why else "kept",
                reason=f"{why} '{names[other]}'" if other >= 0 else why or "says something",
            )
            for name, (why, other) in zip(names, self.why_, strict=True)
        ]

    def _learn(self, frame: pd.DataFrame) -> list[AccountRow]:
        values = self._numbers(frame)
        reasons = _constant(values)
        for group in _same_gaps(values, without=reasons):
            reasons |= self._repeats(values, group)
        kept = [number for number in range(values.shape[1]) if number not in reasons]
        if not kept:
            raise FeatureColumnError(
                f"{type(self).__name__}: none of {values.shape[1]} columns varies over "
                f"{len(values)} sample{'s' if len(values) != 1 else ''}; "
                "give other columns or more rows"
            )
        self.kept_ = np.asarray(kept, dtype=np.int64)
        self.why_ = [reasons.get(number, ("", -1)) for number in range(values.shape[1])]
        return self.tell([str(name) for name in frame.columns])

    def _repeats(self, values: NDArray[np.float64], group: list[int]) -> dict[int, tuple[str, int]]:
        """Tell which columns of a group with the same gaps follow an earlier one."""
        rows = ~np.isnan(values[:, group[0]])
        block = values[rows][:, group]
        # Centred, and scaled to length one, so that products are correlations.
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = block - block.mean(axis=0)
            length = np.linalg.norm(scaled, axis=0)
            scaled = scaled / np.where(length > 0, length, 1.0)
            correlation = np.abs(scaled.T @ scaled)

        reasons: dict[int, tuple[str, int]] = {}
        kept: list[int] = []
        for place, number in enumerate(group):
            for earlier in kept:
                if np.array_equal(block[:, place], block[:, earlier]):
                    reasons[number] = ("the same values as", group[earlier])
                    break
                value = correlation[place, earlier]
                # Two rows always lie on a line.
                if self.threshold is not None and value > self.threshold and len(block) > 2:
                    reasons[number] = (f"correlation {value:.4f} with", group[earlier])
                    break
            else:
                kept.append(place)
        return reasons

    def _build(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        return self._numbers(frame)[:, self.kept_]

    def _names(self, inputs: list[str]) -> list[str]:
        return [inputs[number] for number in self.kept_]


def _constant(values: NDArray[np.float64]) -> dict[int, tuple[str, int]]:
    """Tell which columns hold one value, or none."""
    reasons: dict[int, tuple[str, int]] = {}
    for number in range(values.shape[1]):
        column = values[:, number]
        gaps = np.isnan(column)
        if gaps.all():
            reasons[number] = ("missing everywhere", -1)
        elif not gaps.any() and (column == column[0]).all():
            reasons[number] = ("constant", -1)
    return reasons


def _same_gaps(values: NDArray[np.float64], without: dict[int, tuple[str, int]]) -> list[list[int]]:
    """Group the columns that are missing in the same rows."""
    groups: dict[bytes, list[int]] = {}
    for number in range(values.shape[1]):
        if number not in without:
            gaps = np.packbits(np.isnan(values[:, number])).tobytes()
            groups.setdefault(gaps, []).append(number)
    return list(groups.values())
