"""What a user of the predictor can put right."""


class PredictorError(Exception):
    """Root of this app's errors: its message is one line, fit to show to a user.

    Examples
    --------
    >>> issubclass(NoBundleError, PredictorError)
    True
    """


class NoBundleError(PredictorError):
    """There is no bundle where it was looked for; one may still be made."""
