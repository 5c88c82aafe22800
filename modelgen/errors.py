"""Errors that a user can cause and fix."""


class ModelError(Exception):
    """A model, project or data set cannot be used; says what failed, why, and what to do."""
