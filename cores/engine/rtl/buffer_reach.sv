// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Whether the words that a descriptor computes with lie in the activation buffer.
///
/// The answer comes three cycles after the descriptor, and two cycles after `distance_i`, to the second
/// activations of pairs.
module buffer_reach
  import engine_descriptor_pkg::*;
#(
  parameter int unsigned ArraySize   = 8,
  parameter int unsigned BufferWords = 65536
) (
  input  logic        clk_i,
  input  descriptor_t descriptor_i,
  input  logic [39:0] distance_i,
  output logic        beyond_o
);
  /// Words from the first of `count` places to the last.
  function automatic logic [31:0] extent(logic [15:0] count, logic [15:0] pitch);
    return 32'(count - 16'd1) * 32'(pitch);
  endfunction

  logic [31:0] columns_q;
  logic [31:0] rows_q;
  logic [31:0] runs_x_q;
  logic [31:0] runs_y_q;
  logic [31:0] channels_q;
  logic [32:0] positions_q;
  logic [32:0] runs_q;
  logic [31:0] words_q;
  logic [40:0] reach_q;

  // Channels beyond the tiles are not read. An INT8 word has four.
  always_ff @(posedge clk_i) begin
    columns_q   <= extent(descriptor_i.position_columns, descriptor_i.step_x);
    rows_q      <= extent(descriptor_i.position_rows, descriptor_i.step_y);
    runs_x_q    <= extent(descriptor_i.runs_x, descriptor_i.run_pitch_x);
    runs_y_q    <= extent(descriptor_i.runs_y, descriptor_i.run_pitch_y);
    channels_q  <= 32'(descriptor_i.tiles)
        * (descriptor_i.int8 ? 32'(ArraySize / 4) : 32'(ArraySize));

    positions_q <= 33'(columns_q) + 33'(rows_q);
    runs_q      <= 33'(runs_x_q) + 33'(runs_y_q);
    words_q     <= 32'(descriptor_i.input_base)
        + ((descriptor_i.operation != OperationMatmul
            && channels_q < 32'(descriptor_i.run_words))
           ? channels_q : 32'(descriptor_i.run_words));

    reach_q     <= 41'(positions_q) + 41'(runs_q) + 41'(words_q) + 41'(distance_i);
  end

  assign beyond_o = reach_q > 41'(BufferWords);
endmodule
