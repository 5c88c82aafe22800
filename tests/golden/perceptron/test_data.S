// Inputs and expected outputs, for main.cpp.
    .section .rodata.test_data, "a", %progbits

    .balign 16
    .globl test_inputs
test_inputs:
    .incbin "inputs.bin"

    .balign 16
    .globl test_expected
test_expected:
    .incbin "expected.bin"
