"""Synthesis to standard cells: area, worst path and power of a chip, before layout."""
