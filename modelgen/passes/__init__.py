"""Passes: functions from graph to graph, each in a file of the same name."""
