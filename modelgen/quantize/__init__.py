"""Weights to INT8, and the quantized model as a file for other tools."""
