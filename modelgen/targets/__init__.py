"""Targets that layers can run on, one package each."""
