/// FP32 addition, IEEE 754 round to nearest even with subnormals; every NaN result is 0x7fc00000.
///
/// Latency: 4 cycles, one sum a cycle.
module fp32_add (
    input  logic        clk_i,
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic [31:0] sum_o
);

  // Stage 1: order the operands by magnitude and align the smaller one.
  // Three extra bits (guard, round, sticky) are enough: a shift of two places or more cannot cancel
  // more than one bit.
  logic        swap;
  logic [31:0] larger;
  logic [31:0] smaller;
  logic [ 7:0] larger_exponent;
  logic [ 7:0] smaller_exponent;
  logic [ 7:0] distance;
  logic [26:0] larger_significand;
  logic [26:0] smaller_significand;
  logic [26:0] aligned;
  logic [26:0] lost;

  assign swap                = b_i[30:0] > a_i[30:0];
  assign larger              = swap ? b_i : a_i;
  assign smaller             = swap ? a_i : b_i;
  assign larger_exponent     = (larger[30:23] == 8'd0) ? 8'd1 : larger[30:23];
  assign smaller_exponent    = (smaller[30:23] == 8'd0) ? 8'd1 : smaller[30:23];
  assign distance            = larger_exponent - smaller_exponent;
  assign larger_significand  = {larger[30:23] != 8'd0, larger[22:0], 3'b000};
  assign smaller_significand = {smaller[30:23] != 8'd0, smaller[22:0], 3'b000};
  assign aligned             = smaller_significand >> distance;
  assign lost                = smaller_significand & ~(27'h7ffffff << distance);

  logic        sign_q;
  logic        subtract_q;
  logic        infinity_q;
  logic        nan_q;
  logic [ 7:0] exponent_q;
  logic [26:0] larger_q;
  logic [26:0] aligned_q;

  always_ff @(posedge clk_i) begin
    sign_q     <= larger[31];
    subtract_q <= larger[31] ^ smaller[31];
    infinity_q <= larger[30:0] == 31'h7f800000;
    nan_q      <= (larger[30:0] > 31'h7f800000)
        || (smaller[30:0] == 31'h7f800000 && (larger[31] ^ smaller[31]));
    exponent_q <= larger_exponent;
    larger_q    <= larger_significand;
    aligned_q  <= aligned | 27'(|lost);
  end

  // Stage 2: add or subtract. An exact cancellation gives +0.
  logic        [27:0] total;
  logic               sum_sign_q;
  logic        [27:0] sum_magnitude_q;
  logic signed [10:0] sum_exponent_q;
  logic               sum_infinity_q;
  logic               sum_nan_q;

  assign total = subtract_q ? {1'b0, larger_q} - {1'b0, aligned_q}
      : {1'b0, larger_q} + {1'b0, aligned_q};

  always_ff @(posedge clk_i) begin
    sum_sign_q      <= sign_q & ~(subtract_q && total == '0);
    sum_magnitude_q <= total;
    sum_exponent_q  <= 11'(exponent_q) + 11'sd1;
    sum_infinity_q  <= infinity_q;
    sum_nan_q       <= nan_q;
  end

  // Stages 3 and 4.
  fp32_normalize #(
      .Width(28)
  ) u_normalize (
      .clk_i,
      .sign_i     (sum_sign_q),
      .magnitude_i(sum_magnitude_q),
      .exponent_i (sum_exponent_q),
      .infinity_i (sum_infinity_q),
      .nan_i      (sum_nan_q),
      .result_o   (sum_o)
  );

endmodule
