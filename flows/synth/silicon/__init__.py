"""Synthesis to standard cells: area, worst path and power of a chip, before layout."""

POWER = "power.json"
"""The file with the power of an inference."""
