"""How many processors a forest may use."""

from __future__ import annotations

import os


def bounded_jobs(n_jobs: int | None) -> int | None:
    """Bound a number of workers by the processors that this process may use.

    A machine often shows more processors than a process may run on: more workers than that only
    get in each other's way.

    Parameters
    ----------
    n_jobs : int or None
        As scikit-learn reads it: None is 1, -1 all processors, -2 all but one.

    Returns
    -------
    int or None
        The same, but a number of workers is no more than the processors there are. None and
        negative numbers are kept: joblib counts the processors for those itself.

    References
    ----------
    .. [1] scikit-learn, glossary, "n_jobs": https://scikit-learn.org/stable/glossary.html

    Examples
    --------
    >>> bounded_jobs(1), bounded_jobs(-1), bounded_jobs(None)
    (1, -1, None)
    >>> bounded_jobs(1_000_000) < 1_000_000
    True
    """
    if n_jobs is None or n_jobs < 1:
        return n_jobs
    if hasattr(os, "sched_getaffinity"):
        return min(n_jobs, len(os.sched_getaffinity(0)))
    return min(n_jobs, os.cpu_count() or 1)  # Outside Linux.
