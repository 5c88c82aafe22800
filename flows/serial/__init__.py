"""The serial line to a board, or to the simulator in its place: loading and running."""
