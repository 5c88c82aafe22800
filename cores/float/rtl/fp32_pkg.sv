/// FP32 numbers compared and selected; results that are NaN are the canonical one.
package fp32_pkg;

  localparam logic [31:0] CanonicalNan = 32'h7fc00000;

  /// Whether a number is NaN.
  function automatic logic is_nan(logic [30:0] magnitude);
    return magnitude > 31'h7f800000;
  endfunction

  /// Whether a < b, for numbers of which neither is NaN; -0 equals +0.
  function automatic logic less(logic [31:0] a, logic [31:0] b);
    if (a[30:0] == '0 && b[30:0] == '0) return 1'b0;
    if (a[31] != b[31]) return a[31];
    return a[31] ? a[30:0] > b[30:0] : a[30:0] < b[30:0];
  endfunction

  /// The larger of two numbers, the first where they are equal; NaN if either is.
  function automatic logic [31:0] maximum(logic [31:0] a, logic [31:0] b);
    if (is_nan(a[30:0]) || is_nan(b[30:0])) return CanonicalNan;
    return less(a, b) ? b : a;
  endfunction

endpackage
