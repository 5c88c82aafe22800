"""Import of ONNX models: a file becomes a `torch.nn.Module`, which `torch_export` then imports."""
