"""The numbers of the device, in NumPy, bit for bit."""
