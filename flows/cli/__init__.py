"""The `heepstor` command line."""
