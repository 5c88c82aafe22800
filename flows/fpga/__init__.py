"""FPGA boards: clocks, the guard against stale bitstreams, Vivado, programming."""
