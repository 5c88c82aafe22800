// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Scales and biases of the output tile that is being stored, and of the next one.
///
/// Memory holds ArraySize scales and then as many biases for each tile, or scales alone; of the last
/// one it holds `last_groups_i` times PortWords of both. Scales alone come with biases of -0. Tiles
/// are fetched in order, at most two ahead of `release_i`, which gives up the oldest one. Words
/// behind PortWords belong to the groups after `group_i`.
module parameter_buffer
  import engine_pkg::*;
#(
  parameter  int unsigned ArraySize  = 8,
  parameter  int unsigned PortWords  = 4,
  parameter  int unsigned StoreWords = 4,
  localparam int unsigned Groups     = ArraySize / PortWords,
  localparam int unsigned GroupWidth = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int unsigned CountWidth = $clog2(Groups + 1)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic                        clear_i,
  // Tiles to fetch
  input  logic                        start_i,
  input  logic [31:0]                 address_i,
  input  logic [15:0]                 tiles_i,
  input  logic [CountWidth-1:0]       last_groups_i,
  input  logic                        scales_only_i,
  // Memory
  output logic                        req_o,
  output logic [31:0]                 addr_o,
  input  logic                        gnt_i,
  input  logic                        rvalid_i,
  input  logic [PortWords-1:0][31:0]  rdata_i,
  // The oldest tile
  output logic                        ready_o,
  input  logic                        release_i,
  input  logic [GroupWidth-1:0]       group_i,
  output logic [StoreWords-1:0][31:0] scale_o,
  output logic [StoreWords-1:0][31:0] bias_o
);
  localparam int unsigned IndexWidth = $clog2(2 * Groups);

  /// Where a group of a tile lies.
  function automatic logic [IndexWidth-1:0] place(logic tile, logic [GroupWidth-1:0] group);
    return (tile ? IndexWidth'(Groups) : '0) + IndexWidth'(group);
  endfunction

  logic [31:0]           address_q;
  logic [15:0]           tiles_q;  // not yet requested
  logic [GroupWidth-1:0] request_q;
  logic                  request_bias_q;
  logic                  request_tile_q;
  logic [GroupWidth-1:0] response_q;
  logic                  response_bias_q;
  logic                  write_tile_q;
  logic                  read_tile_q;
  logic [1:0]            last_tile_q;  // whether the tile in either place is the last one
  logic [1:0]            claimed_q;  // tiles that have or will have a place
  logic [1:0]            filled_q;  // tiles that are complete
  logic                  request_wrap;
  logic                  request_end;
  logic                  response_wrap;
  logic                  response_end;

  /// Whether a group is the last of its tile.
  function automatic logic is_last(logic [GroupWidth-1:0] group, logic last_tile);
    return CountWidth'(group) == (last_tile ? last_groups_i : CountWidth'(Groups)) - 1'b1;
  endfunction

  assign request_wrap  = is_last(request_q, tiles_q == 16'd1);
  assign request_end   = gnt_i && request_wrap && (request_bias_q || scales_only_i);
  assign response_wrap = is_last(response_q, last_tile_q[write_tile_q]);
  assign response_end  = rvalid_i && response_wrap && (response_bias_q || scales_only_i);
  assign req_o         = tiles_q != '0 && claimed_q != 2'd2;
  assign addr_o        = address_q;
  assign ready_o       = filled_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tiles_q         <= '0;
      request_q       <= '0;
      request_bias_q  <= 1'b0;
      request_tile_q  <= 1'b0;
      response_q      <= '0;
      response_bias_q <= 1'b0;
      write_tile_q    <= 1'b0;
      read_tile_q     <= 1'b0;
      claimed_q       <= '0;
      filled_q        <= '0;
    end else if (clear_i) begin
      tiles_q         <= '0;
      request_q       <= '0;
      request_bias_q  <= 1'b0;
      request_tile_q  <= 1'b0;
      response_q      <= '0;
      response_bias_q <= 1'b0;
      write_tile_q    <= 1'b0;
      read_tile_q     <= 1'b0;
      claimed_q       <= '0;
      filled_q        <= '0;
    end else begin
      if (start_i) tiles_q <= tiles_i;
      else if (request_end) tiles_q <= tiles_q - 16'd1;
      if (gnt_i) begin
        request_q <= request_wrap ? '0 : request_q + 1'b1;
        if (request_wrap && !scales_only_i) request_bias_q <= ~request_bias_q;
      end
      if (rvalid_i) begin
        response_q <= response_wrap ? '0 : response_q + 1'b1;
        if (response_wrap && !scales_only_i) response_bias_q <= ~response_bias_q;
      end
      if (request_end) request_tile_q <= ~request_tile_q;
      if (response_end) write_tile_q <= ~write_tile_q;
      if (release_i) read_tile_q <= ~read_tile_q;
      claimed_q <= claimed_q + 2'(request_end) - 2'(release_i);
      filled_q  <= filled_q + 2'(response_end) - 2'(release_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) address_q <= address_i;
    else if (gnt_i) address_q <= address_q + 32'(4 * PortWords);
    if (gnt_i) last_tile_q[request_tile_q] <= tiles_q == 16'd1;
  end

  logic [PortWords-1:0][31:0] scale[2*Groups];
  logic [PortWords-1:0][31:0] bias [2*Groups];
  logic [IndexWidth-1:0]      write_place;

  assign write_place = place(write_tile_q, response_q);

  always_ff @(posedge clk_i) begin
    if (rvalid_i && !response_bias_q) scale[write_place] <= rdata_i;
    if (rvalid_i && response_bias_q) bias[write_place] <= rdata_i;
  end

  for (genvar g = 0; g < StoreWords / PortWords; g++) begin : gen_group
    logic [IndexWidth-1:0] read_place;

    assign read_place                      = place(read_tile_q, group_i + GroupWidth'(g));
    assign scale_o[g*PortWords+:PortWords] = scale[read_place];
    assign bias_o[g*PortWords+:PortWords]  = scales_only_i ? {PortWords{NegativeZero}}
        : bias[read_place];
  end

`ifndef SYNTHESIS
  request_is_held :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      req_o && !gnt_i && !clear_i |=> req_o && $stable(addr_o))
  else $error("a request changes before its grant");

  released_when_ready :
  assert property (@(posedge clk_i) disable iff (!rst_ni) release_i && !clear_i |-> ready_o)
  else $error("a tile is released that is not there");

  tiles_in_bounds :
  assert property (@(posedge clk_i) disable iff (!rst_ni)
      filled_q <= claimed_q && claimed_q <= 2'd2)
  else $error("more tiles are held than there is place for");

  started_when_idle :
  assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> tiles_q == '0)
  else $error("started before all tiles were fetched");
`endif
endmodule
