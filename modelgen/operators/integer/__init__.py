"""Operators on 8-bit integers, one file each."""
