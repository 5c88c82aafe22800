"""Boards with an FPGA: clocks, the guard on stale bitstreams, Vivado, programming."""
