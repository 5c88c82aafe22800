"""Errors that a user can cause and fix."""


class HeepstorError(Exception):
    """A task cannot continue; the message says what failed, why and what to do.

    Tasks print the message without a traceback and end with `code`.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
