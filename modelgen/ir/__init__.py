"""The graph, how it is run in PyTorch, and how far results may differ."""
