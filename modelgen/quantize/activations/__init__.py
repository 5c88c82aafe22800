"""Post-training quantization of activations: where, with which scales, and what improves it."""
