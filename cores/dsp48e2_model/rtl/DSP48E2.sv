// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A model of Xilinx's DSP48E2, from the description in UG579: the parts that HEEPstor uses.
///
/// Multiplies the sum of A and D by B, and adds C or the cascade. Any of the registers of B, P and M
/// may be used; a setting or an operation that is not modelled ends the simulation. It is a black
/// box to synthesis.
module DSP48E2 #(
  parameter string   AMULTSEL      = "A",
  parameter string   USE_MULT      = "MULTIPLY",
  parameter integer  AREG          = 1,
  parameter integer  ACASCREG      = 1,
  parameter integer  BREG          = 1,
  parameter integer  BCASCREG      = 1,
  parameter integer  CREG          = 1,
  parameter integer  DREG          = 1,
  parameter integer  ADREG         = 1,
  parameter integer  MREG          = 1,
  parameter integer  PREG          = 1,
  parameter integer  INMODEREG     = 1,
  parameter integer  OPMODEREG     = 1,
  parameter integer  ALUMODEREG    = 1,
  parameter integer  CARRYINREG    = 1,
  parameter integer  CARRYINSELREG = 1
) (
  input  logic        CLK,
  input  logic [29:0] A,
  input  logic [17:0] B,
  input  logic [47:0] C,
  input  logic [26:0] D,
  input  logic [29:0] ACIN,
  input  logic [17:0] BCIN,
  input  logic [47:0] PCIN,
  input  logic        CARRYCASCIN,
  input  logic        MULTSIGNIN,
  input  logic [ 4:0] INMODE,
  input  logic [ 8:0] OPMODE,
  input  logic [ 3:0] ALUMODE,
  input  logic        CARRYIN,
  input  logic [ 2:0] CARRYINSEL,
  input  logic        CEA1,
  input  logic        CEA2,
  input  logic        CEAD,
  input  logic        CEALUMODE,
  input  logic        CEB1,
  input  logic        CEB2,
  input  logic        CEC,
  input  logic        CECARRYIN,
  input  logic        CECTRL,
  input  logic        CED,
  input  logic        CEINMODE,
  input  logic        CEM,
  input  logic        CEP,
  input  logic        RSTA,
  input  logic        RSTALLCARRYIN,
  input  logic        RSTALUMODE,
  input  logic        RSTB,
  input  logic        RSTC,
  input  logic        RSTCTRL,
  input  logic        RSTD,
  input  logic        RSTINMODE,
  input  logic        RSTM,
  input  logic        RSTP,
  output logic [47:0] P,
  output logic [47:0] PCOUT,
  output logic [29:0] ACOUT,
  output logic [17:0] BCOUT,
  output logic [ 3:0] CARRYOUT,
  output logic        CARRYCASCOUT,
  output logic        MULTSIGNOUT,
  output logic        OVERFLOW,
  output logic        PATTERNBDETECT,
  output logic        PATTERNDETECT,
  output logic        UNDERFLOW,
  output logic [ 7:0] XOROUT
);
  initial begin
    if (AMULTSEL != "AD" || USE_MULT != "MULTIPLY" || AREG != 0 || BREG != 2 || CREG != 0
        || ACASCREG != AREG || BCASCREG != BREG || DREG != 0 || ADREG != 0 || MREG != 0 || PREG != 1 || INMODEREG != 0 || OPMODEREG != 0
        || ALUMODEREG != 0 || CARRYINREG != 0 || CARRYINSELREG != 0) begin
      $fatal(1, "DSP48E2: these attributes are not modelled");
    end
  end

  logic signed [17:0] b1_q;
  logic signed [17:0] b2_q;
  logic signed [26:0] ad;
  logic signed [44:0] m;
  logic        [47:0] z;
  logic        [47:0] p_q;

  // INMODE: [0] which register of A, [1] A is zero, [2] D is not, [3] D - A, [4] which one of B.
  assign ad = $signed(INMODE[2] ? D : 27'd0) + $signed(A[26:0]);
  assign m  = ad * b2_q;

  always_comb begin
    unique case (OPMODE[6:4])
      3'b000: z = '0;
      3'b001: z = PCIN;
      default: z = C;
    endcase
  end

  always_ff @(posedge CLK) begin
    if (RSTB) begin
      b1_q <= '0;
      b2_q <= '0;
    end else begin
      if (CEB1) b1_q <= B;
      if (CEB2) b2_q <= b1_q;
    end
    if (RSTP) p_q <= '0;
    else if (CEP) p_q <= z + 48'(m);
  end

  assign P     = p_q;
  assign PCOUT = p_q;

  assert property (@(posedge CLK)
      {INMODE[4:3], INMODE[1:0]} == '0 && OPMODE[8:7] == '0 && OPMODE[3:0] == 4'b0101
      && (OPMODE[6:4] inside {3'b000, 3'b001, 3'b011}) && ALUMODE == '0 && CARRYINSEL == '0
      && !CARRYIN)
  else $fatal(1, "DSP48E2: this operation is not modelled");

  assign {ACOUT, BCOUT, CARRYOUT, CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT,
          PATTERNDETECT, UNDERFLOW, XOROUT} = '0;

  logic unused;
  assign unused = ^{A[29:27], ACIN, BCIN, CARRYCASCIN, MULTSIGNIN, CEA1, CEA2, CEAD, CEALUMODE, CEC,
                    CECARRYIN, CECTRL, CED, CEINMODE, CEM, RSTA, RSTALLCARRYIN, RSTALUMODE, RSTC,
                    RSTCTRL, RSTD, RSTINMODE, RSTM};
endmodule
