"""From a PyTorch module to the graph, by way of torch.export."""
