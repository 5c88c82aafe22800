"""Simulating the SoC: building the simulator, running programs on it, reading what they print."""
