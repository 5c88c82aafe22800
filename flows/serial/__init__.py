"""The serial line to a board, or to the simulator in a board's place: loading and running."""
