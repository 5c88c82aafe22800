// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// The bytes of the words that an INT8 job reads at once, lane by lane.
///
/// Words come in LaneGroups groups of lanes, of which each has ArraySize bytes: those of a slice.
/// The first activations of a pair are in group 0, the second ones in `second_group_i`. The rows of
/// a depthwise kernel are in successive groups.
module lane_unpacker
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  localparam int unsigned Banks      = 2 ** $clog2(ArraySize),
  localparam int unsigned KernelRows = kernel_rows(ArraySize)
) (
  input  logic [1:0]                                second_group_i,
  input  logic [Banks-1:0][31:0]                    word_i,
  output logic [ArraySize-1:0][7:0]                 first_o,
  output logic [ArraySize-1:0][7:0]                 second_o,
  output logic [KernelRows-1:0][ArraySize-1:0][7:0] tap_o
);
  localparam int unsigned GroupWords = Banks / LaneGroups;

  logic [LaneGroups-1:0][4*GroupWords-1:0][7:0] group;

  assign group    = word_i;
  assign first_o  = group[0][ArraySize-1:0];
  assign second_o = group[second_group_i][ArraySize-1:0];

  for (genvar y = 0; y < KernelRows; y++) begin : gen_row
    assign tap_o[y] = group[y][ArraySize-1:0];
  end
endmodule
