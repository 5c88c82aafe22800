// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// A stage of a pipeline with a spare place, so that whether it takes what is offered does not depend
/// on whether what it holds is taken.
(* flatten *)
module skid_register #(
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
  logic             spare_valid_q;
  logic [Width-1:0] spare_q;
  logic             advance;
  logic             filled;

  pipeline_register #(
    .Width(Width)
  ) u_first (
    .clk_i,
    .rst_ni,
    .clear_i,
    .valid_i(spare_valid_q || valid_i),
    .ready_o(advance),
    .data_i (spare_valid_q ? spare_q : data_i),
    .valid_o,
    .ready_i,
    .data_o
  );

  assign filled = !advance && (spare_valid_q || valid_i);

  // Two registers, as one of them has many loads and the other one long paths.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      spare_valid_q <= 1'b0;
      ready_o       <= 1'b1;
    end else if (clear_i) begin
      spare_valid_q <= 1'b0;
      ready_o       <= 1'b1;
    end else begin
      spare_valid_q <= filled;
      ready_o       <= !filled;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!spare_valid_q) spare_q <= data_i;
  end
endmodule
