"""Modules made of the nodes of a model in a file: what the formats of files have in common."""
