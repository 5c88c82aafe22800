"""Quantization of weights to INT8, and export of the quantized model for other tools."""
