// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Follows one item through a FIFO, for its proof: the first that is pushed with `tag_i`, until it is
/// popped or the FIFO is cleared. `ahead_o` counts the items in front of it, `items_o` all.
module tagged_item #(
  parameter  int unsigned Width      = 1,
  parameter  int unsigned Depth      = 4,
  localparam int unsigned CountWidth = $clog2(Depth) + 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  tag_i,
  input  logic                  clear_i,
  input  logic                  push_i,
  input  logic [Width-1:0]      data_i,
  input  logic                  pop_i,
  output logic [CountWidth-1:0] items_o,
  output logic                  is_tagged_o,
  output logic [CountWidth-1:0] ahead_o,
  output logic [Width-1:0]      data_o,
  output logic                  was_full_o
);
  typedef logic [CountWidth-1:0] count_t;

  count_t           items_q = '0;
  count_t           ahead_q = '0;
  logic             is_tagged_q = 1'b0;
  logic             was_full_q = 1'b0;
  logic [Width-1:0] data_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      items_q <= clear_i ? '0 : items_q + count_t'(push_i) - count_t'(pop_i);
      if (clear_i) is_tagged_q <= 1'b0;
      else if (!is_tagged_q && push_i && tag_i) begin
        is_tagged_q <= 1'b1;
        data_q      <= data_i;
        ahead_q     <= items_q - count_t'(pop_i);
      end else if (is_tagged_q && pop_i) begin
        if (ahead_q == 0) is_tagged_q <= 1'b0;
        else ahead_q <= ahead_q - 1'b1;
      end
      was_full_q <= !clear_i && (was_full_q || items_q == count_t'(Depth));
    end
  end

  assign items_o     = items_q;
  assign is_tagged_o = is_tagged_q;
  assign ahead_o     = ahead_q;
  assign data_o      = data_q;
  assign was_full_o  = was_full_q;
endmodule
