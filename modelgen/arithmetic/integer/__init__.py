"""Arithmetic of networks of 8-bit integers, bit for bit as the runtimes that they come from."""
