// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Proof of obi_register with a register: each granted request is presented from the next cycle on,
/// with its slave and unaltered, until it is granted; then there is space for the next one.
module obi_register_proof
  import soc_obi_pkg::*;
#(
  parameter int unsigned SelectWidth = 2
) (
  input logic                   clk_i,
  input obi_req_t               master_i,
  input logic [SelectWidth-1:0] select_i,
  input logic                   slave_gnt_i
);
  logic rst_n = 1'b0;

  always_ff @(posedge clk_i) rst_n <= 1'b1;

  logic                   master_gnt;
  obi_req_t               slave;
  logic [SelectWidth-1:0] select;

  obi_register #(
    .Registered (1'b1),
    .SelectWidth(SelectWidth)
  ) dut (
    .clk_i,
    .rst_ni      (rst_n),
    .master_i,
    .select_i,
    .master_gnt_o(master_gnt),
    .slave_o     (slave),
    .select_o    (select),
    .slave_gnt_i
  );

  logic                   is_owed_q = 1'b0;  // a granted request that the slave has not granted
  logic [1:0]             served_q = '0;
  obi_req_t               request_q;
  logic [SelectWidth-1:0] select_q;

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      if (slave.req && slave_gnt_i) begin
        is_owed_q <= 1'b0;
        if (served_q != '1) served_q <= served_q + 1'b1;
      end
      if (master_i.req && master_gnt) begin
        is_owed_q <= 1'b1;
        request_q <= master_i;
        select_q  <= select_i;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_n) begin
      owed_is_presented : assert (slave.req == is_owed_q);
      presented_as_granted : assert (!slave.req || {slave, select} == {request_q, select_q});
      space_for_one : assert (master_gnt == !is_owed_q);

      three_served : cover (served_q == '1);
    end
  end
endmodule
