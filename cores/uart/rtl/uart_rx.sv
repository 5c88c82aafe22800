// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Receives characters from a serial line: 8 data bits, no parity, 1 stop bit, lowest bit first.
/// Every bit is sampled in its middle.
module uart_rx (
  input  logic        clk_i,
  input  logic        rst_ni,
  /// Clock cycles per bit.
  input  logic [15:0] divider_i,
  input  logic        rx_i,
  /// High for one cycle for each character.
  output logic        valid_o,
  output logic [ 7:0] data_o,
  /// High for one cycle for a character without a stop bit.
  output logic        frame_error_o
);
  typedef enum logic [2:0] {
    Idle,
    Start,
    Data,
    Stop,
    Break
  } state_e;

  state_e state_q;
  logic [15:0] cycles_q;
  logic [2:0] bit_q;
  logic [7:0] data_q;
  logic rx_n, rx, sample;

  // Inverted, because it resets to 0 and the line idles at 1.
  sync #(
    .STAGES(2)
  ) u_sync (
    .clk_i,
    .rst_ni,
    .serial_i(~rx_i),
    .serial_o(rx_n)
  );

  assign rx            = ~rx_n;
  assign sample        = cycles_q == '0;
  assign data_o        = data_q;
  assign valid_o       = state_q == Stop && sample && rx;
  assign frame_error_o = state_q == Stop && sample && !rx;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q  <= Idle;
      cycles_q <= '0;
      bit_q    <= '0;
      data_q   <= '0;
    end else if (state_q == Idle) begin
      if (!rx) begin
        state_q  <= Start;
        cycles_q <= (divider_i >> 1) - 16'd1;
      end
    end else if (!sample) begin
      cycles_q <= cycles_q - 16'd1;
    end else begin
      cycles_q <= divider_i - 16'd1;
      unique case (state_q)
        // A start bit that is gone by its middle was only a glitch.
        Start: state_q <= rx ? Idle : Data;
        Data: begin
          data_q <= {rx, data_q[7:1]};
          bit_q  <= bit_q + 3'd1;
          if (bit_q == 3'd7) state_q <= Stop;
        end
        // After a missing stop bit, the line must be idle before a start bit is detected.
        Stop: state_q <= rx ? Idle : Break;
        Break: if (rx) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
  end
endmodule
