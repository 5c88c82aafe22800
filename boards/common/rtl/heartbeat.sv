// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A light that changes every second, to show at a glance that the clock runs at the right
/// frequency.
module heartbeat #(
  parameter int unsigned ClockHz = 100_000_000
) (
  input  logic clk_i,
  input  logic rst_ni,
  output logic light_o
);
  localparam int unsigned Width = $clog2(ClockHz);

  logic [Width-1:0] cycles_q;
  logic light_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cycles_q <= '0;
      light_q  <= 1'b0;
    end else if (cycles_q == Width'(ClockHz - 1)) begin
      cycles_q <= '0;
      light_q  <= ~light_q;
    end else begin
      cycles_q <= cycles_q + 1'b1;
    end
  end

  assign light_o = light_q;
endmodule
