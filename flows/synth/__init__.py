"""Synthesis without vendor tools: FPGA resource usage by Yosys, module by module."""
