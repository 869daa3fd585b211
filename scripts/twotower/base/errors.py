"""Errors that users can cause: the message says all that a reader needs."""


class ExpectedError(Exception):
    """An error whose message says all that a reader needs; it is logged without a traceback."""


class OptionError(ExpectedError):
    """An option that cannot be used; the message names it, its value and what is allowed."""
