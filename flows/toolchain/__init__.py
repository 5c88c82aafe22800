"""Compilers and generators: RISC-V programs, registers, Verilator."""
