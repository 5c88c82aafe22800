// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Sends characters on a serial line: 8 data bits, no parity, 1 stop bit, lowest bit first.
module uart_tx (
  input  logic        clk_i,
  input  logic        rst_ni,
  /// Clock cycles per bit.
  input  logic [15:0] divider_i,
  input  logic        valid_i,
  input  logic [ 7:0] data_i,
  output logic        ready_o,
  output logic        busy_o,
  output logic        tx_o
);
  localparam logic [3:0] FrameBits = 4'd10;

  // The frame is shifted out lowest bit first; ones follow, so that the line idles high.
  logic [9:0] frame_q;
  logic [3:0] bits_q;
  logic [15:0] cycles_q;
  logic bit_done;

  assign busy_o   = bits_q != '0;
  assign ready_o  = ~busy_o;
  assign bit_done = cycles_q == '0;
  assign tx_o     = frame_q[0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      frame_q  <= '1;
      bits_q   <= '0;
      cycles_q <= '0;
    end else if (ready_o) begin
      if (valid_i) begin
        frame_q  <= {1'b1, data_i, 1'b0};
        bits_q   <= FrameBits;
        cycles_q <= divider_i - 16'd1;
      end
    end else if (bit_done) begin
      frame_q  <= {1'b1, frame_q[9:1]};
      bits_q   <= bits_q - 4'd1;
      cycles_q <= divider_i - 16'd1;
    end else begin
      cycles_q <= cycles_q - 16'd1;
    end
  end

`ifndef SYNTHESIS
  character_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      valid_i && !ready_o |=> valid_i && $stable(data_i))
  else $error("a character changes before it is taken");
`endif
endmodule
