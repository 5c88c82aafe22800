"""The graph, its execution in PyTorch, and the tolerances of its results."""
