"""Memory allocation by lifetimes."""
