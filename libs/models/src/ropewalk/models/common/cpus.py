"""How many processors an estimator may use."""

from __future__ import annotations

import joblib


def bounded_jobs(n_jobs: int | None) -> int:
    """Turn a wish into a number of workers, no more than the processors that this process has.

    A machine often shows more processors than a process may run on, or than its container may
    use (a cgroup's quota): more workers than that only get in each other's way.

    Parameters
    ----------
    n_jobs : int or None
        As scikit-learn reads it: None is 1, or what a surrounding `joblib.parallel_config` says;
        -1 all processors, -2 all but one.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If it is 0.

    References
    ----------
    .. [1] scikit-learn, glossary, "n_jobs": https://scikit-learn.org/stable/glossary.html
    .. [2] joblib, "cpu_count": affinity, cgroup quota and `LOKY_MAX_CPU_COUNT`.

    Examples
    --------
    >>> bounded_jobs(None), bounded_jobs(1)
    (1, 1)
    >>> bounded_jobs(1_000_000) == bounded_jobs(-1) < 1_000_000
    True
    """
    return int(min(joblib.effective_n_jobs(n_jobs), joblib.cpu_count()))
