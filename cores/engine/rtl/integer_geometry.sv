// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Distances in an INT8 job that take a multiplier, and whether they are possible.
///
/// The two activations of a pair lie in the buffer as far apart as `pair_rows` stored rows, of
/// window_rows rows of positions each; they must begin in different groups of banks. Their results lie
/// as far apart as `pair_rows` stored rows. The answers come three cycles after the descriptor,
/// `distance_o` a cycle earlier.
module integer_geometry
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize = 8
) (
  input  logic                  clk_i,
  input  descriptor_t           descriptor_i,
  output logic [15:0]           group_skip_o,  // words that are left out between groups of lanes
  output logic [1:0]            second_group_o,
  output logic [39:0]           distance_o,  // words between the activations of a pair
  output logic [PlaceWidth-1:0] pair_words_o,
  output logic [31:0]           pair_bytes_o,
  output logic                  bad_operation_o,
  output logic                  bad_address_o
);
  localparam int unsigned BankWidth   = $clog2(ArraySize);
  localparam int unsigned GroupWords  = 2 ** BankWidth / LaneGroups;
  localparam int unsigned GroupsShift = $clog2(GroupWords);

  logic        depthwise;
  logic        uses_pitch;
  logic [23:0] distance_rows_q;
  logic [47:0] bytes_q;
  logic [31:0] words_q;
  logic [23:0] stride_q;
  logic [15:0] group;  // words before the second one's group

  assign depthwise  = descriptor_i.operation == OperationDepthwise;
  assign group      = 16'(distance_o[BankWidth-1:0]);
  assign uses_pitch = descriptor_i.store_memory
      || (descriptor_i.add_residual && descriptor_i.store_buffer);

  // Where nothing lies beyond, a word of the buffer cannot be reached.
  localparam logic [31:0] Beyond = 32'h10000;

  always_ff @(posedge clk_i) begin
    distance_rows_q <= 24'(descriptor_i.pair_rows) * 24'(descriptor_i.window_rows);
    bytes_q         <= 48'(descriptor_i.pair_rows) * 48'(descriptor_i.destination_pitch_y);
    words_q         <= 32'(descriptor_i.pair_rows) * 32'(descriptor_i.store_pitch_y);
    stride_q        <= 24'(descriptor_i.column_stride) * 24'(descriptor_i.run_pitch_x);
    distance_o      <= 40'(distance_rows_q) * 40'(descriptor_i.step_y);

    second_group_o  <= 2'(group >> GroupsShift);
    group_skip_o    <= depthwise ? descriptor_i.run_pitch_y - 16'(GroupWords)
        : distance_o[15:0] - group;
    pair_words_o    <= (words_q > Beyond) ? PlaceWidth'(Beyond) : PlaceWidth'(words_q);
    pair_bytes_o    <= bytes_q[31:0];
    bad_operation_o <= descriptor_i.int8
        && (depthwise ? stride_q != 24'(descriptor_i.step_x)
            : descriptor_i.pair_rows != '0
                && (group == '0 || group % 16'(GroupWords) != '0));
    bad_address_o   <= descriptor_i.int8 && uses_pitch && bytes_q[47:31] != '0;
  end
endmodule
