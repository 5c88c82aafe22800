"""Processes, files, locks, signals and streams of the operating system."""
