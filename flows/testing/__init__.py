"""Testing HEEPstor itself: running the tests, linting, mutants."""
