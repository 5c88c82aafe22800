"""The tests of HEEPstor itself: running them, style, mutants."""
