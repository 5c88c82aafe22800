"""Models of other tools, each to the compiler's graph."""
