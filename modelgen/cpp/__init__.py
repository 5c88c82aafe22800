"""Generating C++: templates, and the project's style."""
