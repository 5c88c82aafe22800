"""From a quantized graph to a program: partition, memory layout, jobs, and cost."""
