// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Carries a master's accesses from its clock to one that is Ratio times as fast, and the answers
/// back. Every edge of the slow clock is an edge of the fast one: `slow_edge_i` is high in the fast
/// cycle that ends with it.
///
/// Requests wait in registers of the slow clock, and so do answers: what leads from the master to
/// such a register, or from one to the master, may take a whole slow cycle, and what leads on from
/// there a fast one. Whether a request is granted depends on no other signal. An answer comes two
/// slow cycles after the grant at the earliest. Up to Depth accesses are under way.
///
/// With a ratio of 1 both sides are connected directly.
module obi_clock_bridge
  import soc_obi_pkg::*;
#(
  parameter int unsigned Ratio = 1,
  parameter int unsigned Depth = 4  // a power of two
) (
  input  logic     clk_i,
  input  logic     clk_slow_i,
  input  logic     slow_edge_i,
  input  logic     rst_ni,
  // Slow clock
  input  obi_req_t master_i,
  output logic     master_gnt_o,
  output obi_rsp_t master_o,
  // Fast clock
  output obi_req_t slave_o,
  input  logic     slave_gnt_i,
  input  obi_rsp_t slave_i
);
  if (Ratio == 1) begin : gen_direct
    logic unused;

    assign unused       = ^{clk_i, clk_slow_i, slow_edge_i, rst_ni};
    assign slave_o      = master_i;
    assign master_gnt_o = slave_gnt_i;
    assign master_o     = slave_i;
  end else begin : gen_bridge
    localparam int unsigned PlaceWidth = $clog2(Depth);

    typedef logic [PlaceWidth:0] count_t;

    // Slow: accesses that were granted and not answered, all of which have a place.
    count_t accesses_q;
    logic   granted;

    assign master_gnt_o = accesses_q != count_t'(Depth);
    assign granted      = master_i.req && master_gnt_o;

    always_ff @(posedge clk_slow_i or negedge rst_ni) begin
      if (!rst_ni) accesses_q <= '0;
      else accesses_q <= accesses_q + count_t'(granted) - count_t'(master_o.rvalid);
    end

    // Requests: written by the slow side, read by the fast one.
    obi_req_t requests_q[Depth];
    count_t   written_q;
    count_t   read_q;

    always_ff @(posedge clk_slow_i or negedge rst_ni) begin
      if (!rst_ni) written_q <= '0;
      else if (granted) written_q <= written_q + 1'b1;
    end

    always_ff @(posedge clk_slow_i) begin
      if (granted) requests_q[written_q[PlaceWidth-1:0]] <= master_i;
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) read_q <= '0;
      else if (slave_o.req && slave_gnt_i) read_q <= read_q + 1'b1;
    end

    always_comb begin
      slave_o     = requests_q[read_q[PlaceWidth-1:0]];
      slave_o.req = read_q != written_q;
    end

    // Answers: written by the fast side, taken by the slow one, one at each of its edges. The last
    // one may be taken as it comes.
    logic [Depth-1:0][31:0] answers_q;
    count_t                 answered_q;
    count_t                 taken_q;
    logic                   is_waiting;
    logic                   take;

    logic                   valid_q;
    logic [31:0]            data_q;

    assign master_o   = '{rvalid: valid_q, rdata: data_q};
    assign is_waiting = answered_q != taken_q;
    assign take       = slow_edge_i && (is_waiting || slave_i.rvalid);

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        answered_q <= '0;
        taken_q    <= '0;
      end else begin
        if (slave_i.rvalid) answered_q <= answered_q + 1'b1;
        if (take) taken_q <= taken_q + 1'b1;
      end
    end

    always_ff @(posedge clk_i) begin
      if (slave_i.rvalid) answers_q[answered_q[PlaceWidth-1:0]] <= slave_i.rdata;
    end

    always_ff @(posedge clk_slow_i or negedge rst_ni) begin
      if (!rst_ni) valid_q <= 1'b0;
      else valid_q <= is_waiting || slave_i.rvalid;
    end

    always_ff @(posedge clk_slow_i) begin
      data_q <= is_waiting ? answers_q[taken_q[PlaceWidth-1:0]] : slave_i.rdata;
    end

`ifndef SYNTHESIS
    initial begin
      assert (Depth == 2 ** PlaceWidth)
      else $fatal(1, "the bridge needs a power of two of places");
    end

    // Before the first reset the counters may be anything.
    logic was_reset;

    initial was_reset = 1'b0;
    always @(negedge rst_ni) was_reset <= 1'b1;

    requests_have_places :
    assert property (@(posedge clk_i) disable iff (!rst_ni || !was_reset)
        count_t'(written_q - read_q) <= count_t'(Depth))
    else $error("a request is written over one that was not sent");

    answers_have_places :
    assert property (@(posedge clk_i) disable iff (!rst_ni || !was_reset)
        count_t'(answered_q - taken_q) <= count_t'(Depth))
    else $error("an answer is written over one that was not taken");

    answer_was_requested :
    assert property (@(posedge clk_i) disable iff (!rst_ni || !was_reset)
        slave_i.rvalid |-> answered_q != read_q)
    else $error("an answer without a request");
`endif
  end
endmodule
