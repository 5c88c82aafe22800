/// Aligns the activations of one slice: FP32 numbers become integers that share one exponent.
///
/// E is the largest biased exponent of the valid lanes (subnormals count as 1); every significand gets
/// two guard bits and is shifted right by E - e, rounded to nearest even. Lane i then stands for
/// value_o[i] * 2^(exponent_o - 152). `special_o` tells that a valid lane is infinite or NaN.
/// Latency: 2 cycles, one slice a cycle.
module float_align #(
    parameter int unsigned ArraySize = 8
) (
    input  logic                              clk_i,
    input  logic        [ArraySize-1:0]       lane_valid_i,
    input  logic        [ArraySize-1:0][31:0] activation_i,
    output logic        [ArraySize-1:0][26:0] value_o,
    output logic        [          7:0]       exponent_o,
    output logic                              special_o
);

  // Stage 1: unpack, and find the largest exponent.
  logic [ArraySize-1:0][7:0] exponent;
  logic [ArraySize-1:0]      special;
  logic [          7:0]      largest;

  always_comb begin
    largest = 8'd1;
    for (int unsigned i = 0; i < ArraySize; i++) begin
      exponent[i] = (activation_i[i][30:23] == 8'd0) ? 8'd1 : activation_i[i][30:23];
      special[i]  = lane_valid_i[i] && activation_i[i][30:23] == 8'hff;
      if (lane_valid_i[i] && exponent[i] > largest) largest = exponent[i];
    end
  end

  logic [ArraySize-1:0]       sign_q;
  logic [ArraySize-1:0][23:0] significand_q;
  logic [ArraySize-1:0][ 7:0] exponent_q;
  logic [          7:0]       largest_q;
  logic                       special_q;

  always_ff @(posedge clk_i) begin
    largest_q  <= largest;
    special_q  <= |special;
    exponent_q <= exponent;
    for (int unsigned i = 0; i < ArraySize; i++) begin
      sign_q[i] <= activation_i[i][31];
      significand_q[i] <= lane_valid_i[i] ? {activation_i[i][30:23] != 8'd0, activation_i[i][22:0]}
          : '0;
    end
  end

  // Stage 2: shift, round, negate.
  logic [ArraySize-1:0][ 7:0] distance;
  logic [ArraySize-1:0][ 4:0] shift;
  logic [ArraySize-1:0][26:0] extended;  // significand, 2 guard bits, and a round bit below them
  logic [ArraySize-1:0][26:0] shifted;
  logic [ArraySize-1:0][26:0] lost;
  logic [ArraySize-1:0]       round_up;
  logic [ArraySize-1:0][26:0] rounded;

  always_comb begin
    for (int unsigned i = 0; i < ArraySize; i++) begin
      // From 27 places on the value is below one half, which a shift of 28 gives as well. Only lanes
      // that are not valid can lie above E; they are zero, so their distance does not matter.
      distance[i] = largest_q - exponent_q[i];
      shift[i]    = (distance[i] > 8'd28) ? 5'd28 : distance[i][4:0];
      extended[i] = {significand_q[i], 3'b000};
      shifted[i]  = extended[i] >> shift[i];
      lost[i]     = extended[i] & ~(27'h7ffffff << shift[i]);
      round_up[i] = shifted[i][0] & (shifted[i][1] | (|lost[i]));
      rounded[i]  = 27'(shifted[i][26:1]) + 27'(round_up[i]);
    end
  end

  always_ff @(posedge clk_i) begin
    exponent_o <= largest_q;
    special_o  <= special_q;
    for (int unsigned i = 0; i < ArraySize; i++) begin
      value_o[i] <= sign_q[i] ? -rounded[i] : rounded[i];
    end
  end

endmodule
