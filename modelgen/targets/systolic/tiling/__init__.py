"""Cutting of layers into jobs."""
