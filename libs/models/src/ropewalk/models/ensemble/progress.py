"""Progress on long fits, by scikit-learn's callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sklearn.callback import CallbackSupportMixin


class TellsSteps(CallbackSupportMixin):
    """Tell callbacks of each step of a fit.

    Give them by `set_callbacks`, to the estimator or to a pipeline around it:
    `sklearn.callback.ProgressBar()` shows a bar, and any object with the four methods of
    `sklearn.callback.FitCallback` will do. They see the fit, and can't change or stop it: the
    model is the same to the last digit. Take them off (`set_callbacks()`) before saving it.

    References
    ----------
    .. [1] scikit-learn, "Callbacks": https://scikit-learn.org/stable/modules/callbacks.html

    Examples
    --------
    >>> import numpy as np
    >>> from ropewalk.models import RandomForestAllFeaturesRegressor
    >>> class Counter:
    ...     ended = 0
    ...     def setup(self, estimator, context): pass
    ...     def teardown(self, estimator, context): pass
    ...     def on_fit_task_begin(self, estimator, context): pass
    ...     def on_fit_task_end(self, estimator, context):
    ...         self.ended += context.parent is not None
    >>> counter, hours = Counter(), np.arange(60.0)
    >>> model = RandomForestAllFeaturesRegressor(5).set_callbacks(counter)
    >>> _ = model.fit(hours[:, None], hours)
    >>> counter.ended
    5
    """

    @property
    def _is_watched(self) -> bool:
        return bool(getattr(self, "_skl_callbacks", ()))

    @contextmanager
    def _steps(self, most: int) -> Iterator[Callable[[], None]]:
        """Give what to call after each step, at most so many times."""
        fit = self._init_callback_context(max_subtasks=most)
        fit.call_on_fit_task_begin(estimator=self)

        def tell() -> None:
            step = fit.subcontext(task_name="step")
            step.call_on_fit_task_begin(estimator=self)
            step.call_on_fit_task_end(estimator=self)

        yield tell
        fit.call_on_fit_task_end(estimator=self)
