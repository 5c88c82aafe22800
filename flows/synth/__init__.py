"""Synthesis without a vendor: what the hardware takes of an FPGA, by Yosys, module by module."""
