"""Places for what lives at the same time, by lifetimes."""
