"""The package's own error types."""


class InputError(ValueError):
    """Input that cannot be used: the message is one line that names it, its value and what is allowed.

    Scripts print the message and end with exit code 2.
    """


class TrainingDiverged(RuntimeError):
    """A loss became NaN or infinite: the message names the step and the last good checkpoint."""
