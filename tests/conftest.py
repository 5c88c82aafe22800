"""Ctrl-C reaches the programs that tests start, whatever has started the tests."""

import signal

# A shell lets what it starts in the background ignore SIGINT, and every child inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
