"""`heepstor debug`: a debugger for the SoC, simulated or on a board."""
