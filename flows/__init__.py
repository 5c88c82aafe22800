"""HEEPstor's build: configuration, firmware, hardware, simulation, report."""
