"""Import of quantized TensorFlow Lite models."""
