// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Tells what is wrong with a descriptor, as far as that can be seen from it alone.
///
/// The answer comes a cycle after the descriptor. Accesses outside memory, buffer or accumulators
/// are caught where they happen. A pitch of 2 GiB or more is refused here: addresses could wrap
/// around and meet memory again.
module descriptor_check
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter int unsigned ArraySize = 8,
  parameter bit          Int8      = 1'b1
) (
  input  logic        clk_i,
  input  descriptor_t descriptor_i,
  output error_e      code_o
);
  localparam int unsigned BankWidth  = $clog2(ArraySize);
  localparam int unsigned GroupWords = 2 ** BankWidth / LaneGroups;
  localparam int unsigned RunWidth  = 16 + CrossingWidth;  // of all runs that a slice reads

  logic unknown;
  logic uses_array;
  logic loads;
  logic stores;
  logic reads_operand;
  logic depthwise;  // INT8
  logic zero;
  logic bad_kernel;
  logic bad_span;
  logic bad_window;
  logic misaligned;

  assign uses_array    = descriptor_i.operation inside {OperationMatmul, OperationDepthwise};
  assign depthwise     = descriptor_i.int8 && descriptor_i.operation == OperationDepthwise;
  assign loads         = descriptor_i.load || descriptor_i.fill;
  assign stores        = descriptor_i.store_memory || descriptor_i.store_buffer;
  assign reads_operand = stores
      && (descriptor_i.add_residual || descriptor_i.factor == FactorOperand);

  assign unknown = !(descriptor_i.operation inside {
          OperationMatmul, OperationDepthwise, OperationSum, OperationMax})
      || descriptor_i.fence == 2'd3
      || (descriptor_i.span && descriptor_i.operation != OperationMatmul)
      || (descriptor_i.span && descriptor_i.runs_x > 16'd1)
      || descriptor_i.factor == 2'd3
      || (descriptor_i.factor == FactorValue && !descriptor_i.apply_table)
      || (descriptor_i.factor == FactorOperand && descriptor_i.add_residual)
      || {descriptor_i.reserved_control, descriptor_i.reserved_table} != '0
      || (!Int8 && (descriptor_i.int8 || descriptor_i.int4_weights))
      || (descriptor_i.int4_weights && descriptor_i.operation == OperationDepthwise && !depthwise)
      || (!descriptor_i.int8 && {descriptor_i.ties_even, descriptor_i.pair_rows} != '0)
      || (descriptor_i.int8 && (descriptor_i.factor != FactorSlope || descriptor_i.scales_only))
      || (depthwise ? descriptor_i.pair_rows != '0 : descriptor_i.column_stride != '0);

  assign zero = descriptor_i.position_columns == '0 || descriptor_i.position_rows == '0
      || descriptor_i.run_words == '0 || descriptor_i.runs_y == '0
      || descriptor_i.runs_x == '0 || descriptor_i.tiles == '0
      || descriptor_i.channels == '0
      || (depthwise && descriptor_i.column_stride == '0)
      || (loads && (descriptor_i.load_rows == '0 || descriptor_i.load_columns == '0
                    || descriptor_i.load_words == '0))
      || (stores && (descriptor_i.store_rows == '0 || descriptor_i.store_columns == '0
                     || descriptor_i.window_rows == '0
                     || descriptor_i.window_columns == '0));

  // Kernels are limited, so that their blocks are counted easily, and the rows that are read at once lie
  // in successive groups of banks.
  assign bad_kernel = depthwise
      && (descriptor_i.runs_x > 16'd255 || descriptor_i.runs_y > 16'd255
          || (kernel_rows(ArraySize) > 1 && descriptor_i.runs_y > 16'd1
              && BankWidth'(descriptor_i.run_pitch_y) != BankWidth'(GroupWords)));

  // Runs that a slice may cross begin in successive banks, and a slice crosses few of them.
  logic [BankWidth-1:0] skip;
  logic [ RunWidth-1:0] slice_words;

  assign slice_words = descriptor_i.int8 ? RunWidth'(ArraySize / 4) : RunWidth'(ArraySize);
  assign skip     = BankWidth'(descriptor_i.run_pitch_y) - BankWidth'(descriptor_i.run_words);
  assign bad_span = descriptor_i.span && descriptor_i.runs_y > 16'd1
      && (skip != '0
          || (RunWidth'(descriptor_i.run_words) * RunWidth'(MostCrossings) < slice_words
              && descriptor_i.runs_y > 16'(MostCrossings + 1)));

  assign bad_window = stores
      && (24'(descriptor_i.store_rows) * 24'(descriptor_i.window_rows)
              > 24'(descriptor_i.position_rows)
          || 24'(descriptor_i.store_columns) * 24'(descriptor_i.window_columns)
              > 24'(descriptor_i.position_columns));

  assign misaligned = (descriptor_i.load
          && {descriptor_i.source[1:0], descriptor_i.source_pitch_y[1:0],
              descriptor_i.source_pitch_y[31], descriptor_i.source_pitch_x[1:0],
              descriptor_i.source_pitch_x[31]} != '0)
      || (uses_array && descriptor_i.weights[3:0] != '0)
      || (stores && descriptor_i.parameters[1:0] != '0)
      || (descriptor_i.store_memory && descriptor_i.destination[1:0] != '0)
      || (stores && descriptor_i.load_table && descriptor_i.coefficients[3:0] != '0)
      || (reads_operand && descriptor_i.residual[1:0] != '0)
      || ((descriptor_i.store_memory || reads_operand)
          && {descriptor_i.destination_pitch_x[1:0], descriptor_i.destination_pitch_x[31],
              descriptor_i.destination_pitch_y[1:0], descriptor_i.destination_pitch_y[31]} != '0)
      || descriptor_i.profile[3:0] != '0;

  logic unknown_q;
  logic zero_q;
  logic bad_kernel_q;
  logic bad_span_q;
  logic bad_window_q;
  logic misaligned_q;

  always_ff @(posedge clk_i) begin
    unknown_q    <= unknown;
    zero_q       <= zero;
    bad_kernel_q <= bad_kernel;
    bad_span_q   <= bad_span;
    bad_window_q <= bad_window;
    misaligned_q <= misaligned;
  end

  always_comb begin
    if (unknown_q) code_o = ErrorBadOperation;
    else if (zero_q) code_o = ErrorZeroDimension;
    else if (bad_kernel_q || bad_span_q || bad_window_q) code_o = ErrorBadOperation;
    else if (misaligned_q) code_o = ErrorBadAddress;
    else code_o = ErrorNone;
  end
endmodule
