"""One number for the targets of each group."""

from __future__ import annotations

import pandas as pd

# Sums of weights may differ by rounding: closer than this share of all, they are the same.
_ROUNDING = 1e-9


def group_means(rows: pd.DataFrame, by: list[str]) -> pd.Series:
    """Give the weighted mean of each group.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
        With a `target` and a `weight` above zero, float64.
    by : list of str
        The columns whose values make a group; none is missing.

    Returns
    -------
    Series of float64 of shape (n_groups,)
        The means, by group, sorted.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": [0, 0, 1], "target": [1.0, 4.0, 9.0], "weight": [2, 1, 1]})
    >>> group_means(rows, ["group"]).tolist()
    [2.0, 9.0]
    """
    weighted = rows.assign(target=rows["target"] * rows["weight"]).groupby(by)
    return weighted["target"].sum() / weighted["weight"].sum()


def group_quantiles(rows: pd.DataFrame, by: list[str], quantile: float) -> pd.Series:
    """Give a weighted quantile of each group: the least target with that share up to it.

    Where the share is met exactly, it is the middle between that target and the next, so that the
    quantile 0.5 is the median.

    Parameters
    ----------
    rows, by
        As `group_means` takes them.
    quantile : float
        From 0 to 1.

    Returns
    -------
    Series of float64 of shape (n_groups,)
        The quantiles, by group, sorted.

    References
    ----------
    .. [1] R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", American
       Statistician 50 (1996) 361-365, definition 2.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": 0, "target": [4.0, 1.0, 9.0], "weight": [1, 2, 1]})
    >>> group_quantiles(rows, ["group"], 0.5).tolist()
    [2.5]
    """
    rows = rows.sort_values([*by, "target"])
    weight = rows.groupby(by)["weight"]
    share = weight.cumsum() / weight.transform("sum")
    low = rows[share >= quantile - _ROUNDING].groupby(by)["target"].first()
    high = rows[share > quantile + _ROUNDING].groupby(by)["target"].first()
    # Beyond the last target there is none.
    return (low + high.reindex(low.index).fillna(low)) / 2


def group_modes(rows: pd.DataFrame, by: list[str]) -> pd.Series:
    """Give the target of most weight of each group; the least of them if there are several.

    Parameters
    ----------
    rows, by
        As `group_means` takes them.

    Returns
    -------
    Series of float64 of shape (n_groups,)
        The modes, by group, sorted.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": [0, 0, 0, 1], "target": [4.0, 1.0, 4.0, 9.0], "weight": 1})
    >>> group_modes(rows, ["group"]).tolist()
    [4.0, 9.0]
    """
    weights = rows.groupby([*by, "target"])["weight"].sum().reset_index()
    heaviest = weights.sort_values(["weight", "target"], ascending=[False, True])
    return heaviest.groupby(by)["target"].first()


def group_latest(rows: pd.DataFrame, by: list[str]) -> pd.Series:
    """Give the weighted mean of the latest rows of each group.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
        As `group_means` takes them, with a `moment` that is not missing.
    by : list of str
        The columns whose values make a group.

    Returns
    -------
    Series of float64 of shape (n_groups,)
        The means of the rows of each group's latest moment, by group, sorted.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": 0, "target": [4.0, 1.0, 3.0], "weight": 1})
    >>> group_latest(rows.assign(moment=[5, 7, 7]), ["group"]).tolist()
    [2.0]
    """
    return group_means(rows[rows["moment"] == rows.groupby(by)["moment"].transform("max")], by)
