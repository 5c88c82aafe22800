"""The model compiler: from a PyTorch module to C++ for the HEEPstor SoC."""
