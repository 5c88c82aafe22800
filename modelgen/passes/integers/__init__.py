"""From graphs with Dequantize and Quantize around float operators to operators on integers."""
