"""The error that a user can cause."""


class HeepstorError(Exception):
    """One clear message: what failed, why, and what to do; printed without a traceback."""
