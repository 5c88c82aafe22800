"""Golden outputs, and random modules compared with what the compiler makes of them."""
