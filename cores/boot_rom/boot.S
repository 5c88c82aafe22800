// The CPU's first instructions after reset, and the return point of programs that have ended.

    .section .init, "ax"
    .globl _start
_start:
    csrw mie, zero
    la sp, __stack_top
    call heepstor_boot

// Starts a program: the address is in a0.
    .text
    .globl heepstor_enter
heepstor_enter:
    .option arch, +zifencei
    fence.i             // its instructions were just written as data
    jr a0
