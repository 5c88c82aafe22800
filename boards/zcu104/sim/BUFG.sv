// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Model of Xilinx's global clock buffer (UG974).
module BUFG (
  input  logic I,
  output logic O
);
  assign O = I;
endmodule
