"""The device's arithmetic in NumPy, bit for bit."""
