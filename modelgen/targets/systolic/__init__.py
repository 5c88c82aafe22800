"""The engine: its descriptors, how layers become jobs, what they cost, the reference."""
