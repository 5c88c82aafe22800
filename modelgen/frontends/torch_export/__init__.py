"""Import of PyTorch modules by way of torch.export."""
