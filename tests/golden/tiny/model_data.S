// Constants of the network, for model.cpp.
    .section .weights, "a", %progbits

    .balign 16
    .globl model_weights
model_weights:
    .incbin "weights.bin"

    .balign 16
    .globl model_parameters
model_parameters:
    .incbin "parameters.bin"

    .balign 16
    .globl model_constants
model_constants:
    .incbin "constants.bin"

    .balign 16
    .globl model_kernel_data
model_kernel_data:
    .incbin "kernel_data.bin"
