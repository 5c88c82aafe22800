"""The stages of HEEPstor: configuration, firmware, hardware, simulation, report."""
