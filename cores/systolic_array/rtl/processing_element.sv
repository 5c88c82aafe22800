// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// One multiply-accumulate cell: a 27 x 8 bit product added to the partial sum from the row above.
///
/// The weight is double-buffered: `shadow_write_i` loads the shadow register while the active
/// weight is in use, `swap_i` makes it active for activations from the next cycle on. With `taps_i`
/// the byte `tap_i` is the activation; `activation_i` must be zero then.
///
/// The sum comes from `sum_i` in the First row, from the element above in the others.
///
/// It is one DSP48E2 with its registers (its ports have 27 x 18 and 48 bits), and nothing else,
/// where the macro HEEPSTOR_DSP48E2 is defined.
module processing_element #(
  parameter bit First = 1'b0
) (
  input  logic               clk_i,
  input  logic               enable_i,
  input  logic               shadow_write_i,
  input  logic               swap_i,
  input  logic signed [ 7:0] weight_i,
  input  logic signed [26:0] activation_i,
  input  logic               taps_i,
  input  logic        [ 7:0] tap_i,
  input  logic signed [39:0] sum_i,
  input  logic signed [47:0] cascade_i,  // from `cascade_o` alone: a wire between DSPs
  output logic signed [39:0] sum_o,
  output logic signed [47:0] cascade_o
);
`ifdef HEEPSTOR_DSP48E2
  logic [47:0] result;

  assign sum_o = result[39:0];

  DSP48E2 #(
    .AMULTSEL     ("AD"),  // the pre-adder's sum: an activation or a tap, the other one being zero
    .USE_MULT     ("MULTIPLY"),
    .AREG         (0),
    .ACASCREG     (0),
    .BREG         (2),  // the shadow register and the active weight
    .BCASCREG     (2),
    .CREG         (0),
    .DREG         (0),
    .ADREG        (0),
    .MREG         (0),
    .PREG         (1),
    .INMODEREG    (0),
    .OPMODEREG    (0),
    .ALUMODEREG   (0),
    .CARRYINREG   (0),
    .CARRYINSELREG(0)
  ) u_dsp (
    .CLK          (clk_i),
    .A            (30'(activation_i)),
    .B            (18'(weight_i)),
    .C            (48'(sum_i)),
    .D            ({19'd0, tap_i}),
    .PCIN         (First ? 48'd0 : cascade_i),
    .P            (result),
    .PCOUT        (cascade_o),
    // D only with `taps_i`, the second of B's registers; product + (C or PCIN).
    .INMODE       ({2'b00, taps_i, 2'b00}),
    .OPMODE       (First ? 9'b00_011_01_01 : 9'b00_001_01_01),
    .ALUMODE      (4'b0000),
    .CARRYIN      (1'b0),
    .CARRYINSEL   (3'b000),
    .CEB1         (shadow_write_i),
    .CEB2         (swap_i),
    .CEP          (enable_i),
    .CEA1         (1'b0),
    .CEA2         (1'b0),
    .CEAD         (1'b0),
    .CEALUMODE    (1'b0),
    .CEC          (1'b0),
    .CECARRYIN    (1'b0),
    .CECTRL       (1'b0),
    .CED          (1'b0),
    .CEINMODE     (1'b0),
    .CEM          (1'b0),
    .RSTA         (1'b0),
    .RSTALLCARRYIN(1'b0),
    .RSTALUMODE   (1'b0),
    .RSTB         (1'b0),
    .RSTC         (1'b0),
    .RSTCTRL      (1'b0),
    .RSTD         (1'b0),
    .RSTINMODE    (1'b0),
    .RSTM         (1'b0),
    .RSTP         (1'b0),
    .ACIN         (30'd0),
    .BCIN         (18'd0),
    .CARRYCASCIN  (1'b0),
    .MULTSIGNIN   (1'b0),
    .ACOUT        (),
    .BCOUT        (),
    .CARRYCASCOUT (),
    .CARRYOUT     (),
    .MULTSIGNOUT  (),
    .OVERFLOW     (),
    .PATTERNBDETECT(),
    .PATTERNDETECT(),
    .UNDERFLOW    (),
    .XOROUT       ()
  );
`else
  logic signed [ 7:0] shadow_q;
  logic signed [ 7:0] weight_q;
  logic signed [26:0] activation;
  logic signed [34:0] product;
  logic signed [39:0] above;

  assign activation = {activation_i[26:8], taps_i ? tap_i : activation_i[7:0]};
  assign product    = activation * weight_q;
  assign above      = First ? sum_i : cascade_i[39:0];
  assign cascade_o  = 48'(sum_o);

  always_ff @(posedge clk_i) begin
    if (shadow_write_i) shadow_q <= weight_i;
    if (swap_i) weight_q <= shadow_q;
    if (enable_i) sum_o <= above + 40'(product);
  end

  logic unused;
  assign unused = ^{sum_i, cascade_i[47:40]};
`endif
endmodule
