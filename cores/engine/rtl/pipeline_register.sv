// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A stage of a pipeline: takes what is offered when it is empty, or when what it holds is taken.
(* flatten *)
module pipeline_register #(
  parameter int unsigned Width = 32
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             clear_i,
  input  logic             valid_i,
  output logic             ready_o,
  input  logic [Width-1:0] data_i,
  output logic             valid_o,
  input  logic             ready_i,
  output logic [Width-1:0] data_o
);
  assign ready_o = !valid_o || ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_o <= 1'b0;
    else if (clear_i) valid_o <= 1'b0;
    else if (ready_o) valid_o <= valid_i;
  end

  always_ff @(posedge clk_i) begin
    if (ready_o) data_o <= data_i;
  end

`ifndef SYNTHESIS
  content_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      valid_o && !ready_i && !clear_i |=> valid_o && $stable(data_o))
  else $error("what nobody took is gone");
`endif
endmodule
