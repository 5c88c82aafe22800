// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Accumulators whose sum is still in the adder: whether the next slice has to wait for one.
///
/// An INT8 sum is made and written sooner than an FP32 one, so the first INT8 slice waits until no
/// FP32 sum is left there.
module sum_hazards
  import engine_descriptor_pkg::*;
  import engine_pkg::*;
#(
  parameter int unsigned EntryWidth = 10,
  parameter bit          Int8       = 1'b1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  running_i,
  input  logic                  integers_i,
  input  logic                  single_i,  // a slice has one entry
  input  logic [EntryWidth-1:0] first_i,  // entry of a slice
  // This cycle
  input  logic [EntryWidth-1:0] entry_i,
  input  logic                  sum_i,  // a sum for the entry is begun
  input  logic                  slice_end_i,
  // In which, a cycle later
  output logic                  entry_busy_o,  // the entry's sum is in the adder
  output logic                  float_busy_o  // any FP32 sum is, and this is an INT8 job
);
  logic [AccumulateLatency-2:0]                 recent_valid_q;
  logic [AccumulateLatency-2:0]                 recent_float_q;
  logic [AccumulateLatency-2:0][EntryWidth-1:0] recent_entry_q;
  logic                                         float_sum;

  assign float_sum = Int8 && sum_i && !integers_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      recent_valid_q <= '0;
      recent_float_q <= '0;
    end else begin
      recent_valid_q <= {recent_valid_q[AccumulateLatency-3:0], sum_i};
      recent_float_q <= {recent_float_q[AccumulateLatency-3:0], float_sum};
    end
  end

  always_ff @(posedge clk_i) begin
    recent_entry_q <= {recent_entry_q[AccumulateLatency-3:0], entry_i};
  end

  /// Whether the sum of an entry will be in the adder in the next cycle, without the sum of this one.
  function automatic logic adds_to(logic [EntryWidth-1:0] entry);
    adds_to = 1'b0;
    for (int unsigned i = 1; i < AccumulateLatency - 1; i++) begin
      if (recent_valid_q[i-1] && recent_entry_q[i-1] == entry
          && (!integers_i || i < IntegerAccumulateLatency - 1)) begin
        adds_to = 1'b1;
      end
    end
  endfunction

  // For each entry that the next cycle may have: this one again, the one after it, or the slice's
  // first one, which is this one if there is no other.
  logic held;
  logic next;
  logic first;

  assign held  = adds_to(entry_i);
  assign next  = adds_to(entry_i + 1'b1);
  assign first = adds_to(first_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      entry_busy_o <= 1'b0;
      float_busy_o <= 1'b0;
    end else begin
      if (!running_i) entry_busy_o <= first;
      else if (!sum_i) entry_busy_o <= held;
      else entry_busy_o <= slice_end_i ? (single_i || first) : next;
      float_busy_o <= integers_i && (float_sum || recent_float_q != '0);
    end
  end
endmodule
