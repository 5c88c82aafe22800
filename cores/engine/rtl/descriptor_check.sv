// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Tells what is wrong with a descriptor, as far as that can be seen from it alone.
///
/// Accesses outside memory, buffer or accumulators are caught where they happen. A pitch of 2 GiB or
/// more is refused here: addresses could wrap around and meet memory again.
module descriptor_check
  import engine_descriptor_pkg::*;
#(
  parameter int unsigned ArraySize = 8
) (
  input  descriptor_t descriptor_i,
  output error_e      code_o
);
  localparam int unsigned BankWidth     = $clog2(ArraySize);
  localparam int unsigned MostCrossings = 7;

  logic unknown;
  logic uses_array;
  logic loads;
  logic stores;
  logic adds;
  logic zero;
  logic bad_span;
  logic bad_window;
  logic misaligned;

  assign uses_array = descriptor_i.control_operation inside {OperationMatmul, OperationDepthwise};
  assign loads      = descriptor_i.control_load || descriptor_i.control_fill;
  assign stores     = descriptor_i.control_store_memory || descriptor_i.control_store_buffer;
  assign adds       = stores && descriptor_i.control_residual;

  assign unknown = !(descriptor_i.control_operation inside {
          OperationMatmul, OperationDepthwise, OperationSum, OperationMax})
      || descriptor_i.control_fence == 2'd3
      || (descriptor_i.control_span && descriptor_i.control_operation != OperationMatmul)
      || (descriptor_i.control_span && descriptor_i.tiles_runs_x > 16'd1)
      || {descriptor_i.control_reserved_15, descriptor_i.control_reserved,
          descriptor_i.load_tail_reserved, descriptor_i.columns_reserved,
          descriptor_i.reserved_30_value, descriptor_i.reserved_31_value} != '0;

  assign zero = descriptor_i.positions_columns == '0 || descriptor_i.positions_rows == '0
      || descriptor_i.run_words == '0 || descriptor_i.run_runs_y == '0
      || descriptor_i.tiles_runs_x == '0 || descriptor_i.tiles_count == '0
      || descriptor_i.columns_count == '0
      || (loads && (descriptor_i.load_shape_rows == '0 || descriptor_i.load_shape_columns == '0
                    || descriptor_i.load_row_words == '0))
      || (stores && (descriptor_i.store_shape_rows == '0 || descriptor_i.store_shape_columns == '0
                     || descriptor_i.store_window_rows == '0
                     || descriptor_i.store_window_columns == '0));

  // Runs that a slice may cross begin in successive banks, and a slice crosses few of them.
  logic [BankWidth-1:0] skip;

  assign skip     = BankWidth'(descriptor_i.run_pitch_y) - BankWidth'(descriptor_i.run_words);
  assign bad_span = descriptor_i.control_span && descriptor_i.run_runs_y > 16'd1
      && (skip != '0
          || (19'(descriptor_i.run_words) * 19'(MostCrossings) < 19'(ArraySize)
              && descriptor_i.run_runs_y > 16'(MostCrossings + 1)));

  assign bad_window = stores
      && (24'(descriptor_i.store_shape_rows) * 24'(descriptor_i.store_window_rows)
              > 24'(descriptor_i.positions_rows)
          || 24'(descriptor_i.store_shape_columns) * 24'(descriptor_i.store_window_columns)
              > 24'(descriptor_i.positions_columns));

  assign misaligned = (descriptor_i.control_load
          && {descriptor_i.source_address[1:0], descriptor_i.source_row_pitch_bytes[1:0],
              descriptor_i.source_row_pitch_bytes[31], descriptor_i.source_column_pitch_bytes[1:0],
              descriptor_i.source_column_pitch_bytes[31]} != '0)
      || (uses_array && descriptor_i.weights_address[3:0] != '0)
      || (stores && descriptor_i.parameters_address[1:0] != '0)
      || (descriptor_i.control_store_memory && descriptor_i.destination_address[1:0] != '0)
      || (adds && descriptor_i.residual_address[1:0] != '0)
      || ((descriptor_i.control_store_memory || adds)
          && {descriptor_i.pitch_x_bytes[1:0], descriptor_i.pitch_x_bytes[31],
              descriptor_i.pitch_y_bytes[1:0], descriptor_i.pitch_y_bytes[31]} != '0)
      || descriptor_i.profile_address[3:0] != '0;

  always_comb begin
    if (unknown) code_o = ErrorBadOperation;
    else if (zero) code_o = ErrorZeroDimension;
    else if (bad_span || bad_window) code_o = ErrorBadOperation;
    else if (misaligned) code_o = ErrorBadAddress;
    else code_o = ErrorNone;
  end
endmodule
