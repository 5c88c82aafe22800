"""From a quantized graph to a program: places, memory, jobs, and what it all costs."""
