"""Simulating the SoC: building the simulator, running programs on it, parsing their output."""
