// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Comparison and selection of FP32 numbers; NaN results are the canonical NaN.
package fp32_pkg;
  localparam logic [31:0] CanonicalNan = 32'h7fc00000;

  /// Whether a number is NaN.
  function automatic logic is_nan(logic [30:0] magnitude);
    return magnitude > 31'h7f800000;
  endfunction

  /// The biased exponent that goes with the significand: 1 for subnormals.
  function automatic logic [7:0] exponent_of(logic [7:0] field);
    return (field == 8'd0) ? 8'd1 : field;
  endfunction

  /// The significand with its hidden bit.
  function automatic logic [23:0] significand_of(logic [30:0] magnitude);
    return {magnitude[30:23] != 8'd0, magnitude[22:0]};
  endfunction

  /// Leading zeros of a word; 63 if it is zero.
  function automatic logic [5:0] leading_zeros(logic [63:0] word);
    logic [63:0] rest;

    rest = word;
    for (int k = 5; k >= 0; k--) begin
      leading_zeros[k] = rest >> (64 - 2 ** k) == '0;
      if (leading_zeros[k]) rest = rest << 2 ** k;
    end
  endfunction

  /// Whether a < b, if neither is NaN; -0 equals +0.
  function automatic logic less(logic [31:0] a, logic [31:0] b);
    if (a[30:0] == '0 && b[30:0] == '0) return 1'b0;
    if (a[31] != b[31]) return a[31];
    return a[31] ? a[30:0] > b[30:0] : a[30:0] < b[30:0];
  endfunction

  /// The larger of two numbers, the first if they are equal; NaN if either is NaN.
  function automatic logic [31:0] maximum(logic [31:0] a, logic [31:0] b);
    if (is_nan(a[30:0]) || is_nan(b[30:0])) return CanonicalNan;
    return less(a, b) ? b : a;
  endfunction
endpackage
