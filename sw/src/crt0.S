// Start-up: the boot ROM jumps here, to the first address of main memory. The loader has already
// put every section in place, so only .bss has to be cleared.

#define MSTATUS_MIE 0x8
#define MSTATUS_FS_INITIAL 0x2000
#define STACK_PAINT 0xA5A5A5A5
#define VECTORED 1

    .section .init, "ax"
    .globl _start
    .type _start, @function
_start:
    csrw mie, zero
    la sp, __stack_top
    la t0, heepstor_vectors
    ori t0, t0, VECTORED
    csrw mtvec, t0
    li t0, MSTATUS_FS_INITIAL
    csrs mstatus, t0
    csrw fcsr, zero
    csrw mcountinhibit, zero

    la t0, __bss_start
    la t1, __bss_end
    beq t0, t1, 2f
1:  sw zero, 0(t0)          // .bss is a multiple of 16 bytes
    sw zero, 4(t0)
    sw zero, 8(t0)
    sw zero, 12(t0)
    addi t0, t0, 16
    bltu t0, t1, 1b

2:  la t0, __stack_bottom   // painted, so that stack_used() can tell how much was used
    li t2, STACK_PAINT
3:  sw t2, 0(t0)
    addi t0, t0, 4
    bltu t0, sp, 3b

    call heepstor_start
    .size _start, . - _start

// Vector table: exceptions enter at 0, interrupt n at 4 n. A handler replaces the weak symbol.
    .section .vectors, "ax"
    .balign 256
    .globl heepstor_vectors
    .option push
    .option norvc
heepstor_vectors:
    .rept 7
    j heepstor_trap
    .endr
    j heepstor_timer_handler
    .rept 8
    j heepstor_trap
    .endr
    j heepstor_engine_handler
    j heepstor_uart_handler
    j heepstor_bus_error_handler
    .rept 13
    j heepstor_trap
    .endr
    .option pop

    .weak heepstor_timer_handler
    .weak heepstor_engine_handler
    .weak heepstor_uart_handler
    .weak heepstor_bus_error_handler
    .set heepstor_timer_handler, heepstor_trap
    .set heepstor_engine_handler, heepstor_trap
    .set heepstor_uart_handler, heepstor_trap
    .set heepstor_bus_error_handler, heepstor_trap

// Nothing returns from here, so nothing is saved. As the stack pointer may be the problem, use a
// separate stack.
    .text
    .globl heepstor_trap
    .type heepstor_trap, @function
heepstor_trap:
    la sp, heepstor_trap_stack_top
    csrr a0, mcause
    csrr a1, mepc
    call heepstor_report_trap
    .size heepstor_trap, . - heepstor_trap

    .section .bss.heepstor_trap_stack, "aw", @nobits
    .balign 16
    .skip 1024
heepstor_trap_stack_top:
