"""Golden outputs, and comparison of random modules with their compiled programs."""
