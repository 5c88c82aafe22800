"""`invoke debug`: a debugger on the SoC, simulated or on a board."""
