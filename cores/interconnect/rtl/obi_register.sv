// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A request with the slave that it is for, in a register if `Registered`: then it comes a cycle later,
/// in every other cycle at most, and whether it is granted depends on nothing else.
module obi_register
  import soc_obi_pkg::*;
#(
  parameter bit          Registered  = 1'b0,
  parameter int unsigned SelectWidth = 1
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  obi_req_t               master_i,
  input  logic [SelectWidth-1:0] select_i,
  output logic                   master_gnt_o,
  output obi_req_t               slave_o,
  output logic [SelectWidth-1:0] select_o,
  input  logic                   slave_gnt_i
);
  if (Registered) begin : gen_register
    logic                   valid_q;
    obi_req_t               request_q;
    logic [SelectWidth-1:0] select_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) valid_q <= 1'b0;
      else valid_q <= valid_q ? !slave_gnt_i : master_i.req;
    end

    always_ff @(posedge clk_i) begin
      if (!valid_q) begin
        request_q <= master_i;
        select_q  <= select_i;
      end
    end

    always_comb begin
      slave_o     = request_q;
      slave_o.req = valid_q;
    end

    assign master_gnt_o = !valid_q;
    assign select_o     = select_q;
  end else begin : gen_direct
    logic unused;

    assign unused       = clk_i ^ rst_ni;
    assign slave_o      = master_i;
    assign master_gnt_o = slave_gnt_i;
    assign select_o     = select_i;
  end
endmodule
