"""Import of quantized TFLite models."""
