# First instructions of the CPU after reset: the program is already in the main memory, and begins at
# its first address.

  .text
  .globl _start
_start:
  li t0, MEMORY_BASE
  jr t0
