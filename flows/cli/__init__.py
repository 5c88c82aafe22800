"""The command line behind `heepstor`."""
