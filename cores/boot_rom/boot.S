// First instructions of the CPU after reset, and where a program that has ended comes back to.

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
    fence.i             // its instructions have just been written as data
    jr a0
