// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Model of Xilinx's differential input buffer (UG974): follows its inputs while they differ.
module IBUFDS (
  input  logic I,
  input  logic IB,
  output logic O
);
  always_latch if (I != IB) O = I;
endmodule
