"""How far a long fit is, for a person who waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sklearn.base import BaseEstimator
from sklearn.callback import CallbackContext


class _Percent:
    """A callback of scikit-learn's that tells each percent once."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.ended = self.percent = 0

    def setup(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        pass

    def teardown(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        pass

    def on_fit_task_begin(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        pass

    def on_fit_task_end(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        # The fit as a whole, alone or as the step of a pipeline, or one whose end is not known.
        whole = context.parent is None or context.source_estimator_name is not None
        if whole or not context.parent.max_subtasks:
            return
        self.ended += 1
        percent = 100 * self.ended // context.parent.max_subtasks
        if percent > self.percent:
            self.percent = percent
            self.tell(f"{percent} %")


@contextmanager
def watched(estimator: BaseEstimator, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell how far the fits of an estimator are, if it takes scikit-learn's callbacks.

    Parameters
    ----------
    estimator : BaseEstimator
        Not fitted. What watches it is taken off again, so that it is not saved with the model.
    tell : callable
        Given such as ``40 %``.
    """
    if not hasattr(estimator, "set_callbacks"):
        yield
        return
    estimator.set_callbacks(_Percent(tell))
    try:
        yield
    finally:
        estimator.set_callbacks()
