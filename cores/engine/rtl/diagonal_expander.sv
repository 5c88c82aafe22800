// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Makes a tile of weights, beat by beat, of the weights of its diagonal.
module diagonal_expander #(
  parameter  int unsigned ArraySize = 8,
  parameter  int unsigned BeatBytes = 16,
  localparam int unsigned Beats     = ArraySize * ArraySize / BeatBytes,
  localparam int unsigned BeatWidth = $clog2(Beats + 1)
) (
  input  logic [ArraySize-1:0][7:0] diagonal_i,
  input  logic [BeatWidth-1:0]      beat_i,
  output logic [BeatBytes-1:0][7:0] weight_o
);
  always_comb begin
    weight_o = '0;
    for (int unsigned r = 0; r < ArraySize; r++) begin
      if (beat_i == BeatWidth'(r * (ArraySize + 1) / BeatBytes)) begin
        weight_o[r*(ArraySize+1)%BeatBytes] = diagonal_i[r];
      end
    end
  end
endmodule
