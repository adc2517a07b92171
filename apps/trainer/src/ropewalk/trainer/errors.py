"""What a user of the trainer can put right."""


class TrainerError(Exception):
    """Root of this app's errors: its message is one line, fit to show to a user."""


class LeakageError(TrainerError):
    """A model was to see what is not yet known when it is asked."""
