/// Fetches the weights of one descriptor after another, in one linear burst each, into a small FIFO.
///
/// It runs ahead of the array as far as the FIFO allows, also across descriptors. `available_o` counts
/// the beats that nobody has claimed yet; a claimed beat is taken from the FIFO's head later, by
/// `take_i`.
module weight_streamer
  import engine_pkg::*;
#(
    parameter int unsigned ArraySize = 8,
    parameter int unsigned PortWords = 4
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       clear_i,
    // Commands
    input  logic                       command_valid_i,
    input  weight_command_t            command_i,
    output logic                       command_pop_o,
    // Memory
    output logic                       req_o,
    output logic [31:0]                addr_o,
    input  logic                       gnt_i,
    input  logic                       rvalid_i,
    input  logic [PortWords-1:0][31:0] rdata_i,
    // Array
    output logic                       available_o,
    input  logic                       claim_i,
    input  logic                       take_i,
    output logic [PortWords-1:0][31:0] weight_o
);

  localparam int unsigned Beats      = ArraySize * ArraySize / (4 * PortWords);
  localparam int unsigned BeatWidth  = $clog2(Beats + 1);
  localparam int unsigned Depth      = 64;  // one LUT-RAM
  localparam int unsigned DepthWidth = $clog2(Depth);

  // Requests: beats of a tile, tiles of a slice, slices.
  logic                 running_q;
  logic [31:0]          address_q;
  logic [15:0]          words_q;  // words of K still to come, with this slice
  logic [15:0]          tile_q;
  logic [BeatWidth-1:0] beat_q;
  logic                 beat_end;
  logic                 tile_end;
  logic                 stream_end;
  logic [DepthWidth:0]  reserved_q;  // places taken in the FIFO, requested or filled

  assign beat_end      = beat_q == BeatWidth'(Beats - 1);
  assign tile_end      = beat_end && tile_q == command_i.tiles - 16'd1;
  assign stream_end    = tile_end && words_q <= 16'(ArraySize);
  assign req_o         = running_q && reserved_q != (DepthWidth + 1)'(Depth);
  assign addr_o        = address_q;
  assign command_pop_o = gnt_i && stream_end;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q  <= 1'b0;
      reserved_q <= '0;
    end else if (clear_i) begin
      running_q  <= 1'b0;
      reserved_q <= '0;
    end else begin
      if (command_pop_o) running_q <= 1'b0;
      else if (command_valid_i) running_q <= 1'b1;
      reserved_q <= reserved_q + (DepthWidth + 1)'(gnt_i) - (DepthWidth + 1)'(take_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!running_q) begin
      address_q <= command_i.weights;
      words_q   <= command_i.words;
      tile_q    <= '0;
      beat_q    <= '0;
    end else if (gnt_i) begin
      address_q <= address_q + 32'(4 * PortWords);
      beat_q    <= beat_end ? '0 : beat_q + 1'b1;
      if (tile_end) begin
        tile_q  <= '0;
        words_q <= words_q - 16'(ArraySize);
      end else if (beat_end) begin
        tile_q <= tile_q + 16'd1;
      end
    end
  end

  // Beats that have arrived and that nobody has claimed; the FIFO itself also holds the claimed ones.
  logic [DepthWidth:0] unclaimed_q;

  assign available_o = unclaimed_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      unclaimed_q <= '0;
    end else if (clear_i) begin
      unclaimed_q <= '0;
    end else begin
      unclaimed_q <= unclaimed_q + (DepthWidth + 1)'(rvalid_i) - (DepthWidth + 1)'(claim_i);
    end
  end

  ram_fifo #(
      .Width(32 * PortWords),
      .Depth(Depth)
  ) u_fifo (
      .clk_i,
      .rst_ni,
      .clear_i,
      .push_i (rvalid_i),
      .data_i (rdata_i),
      .pop_i  (take_i),
      .data_o (weight_o),
      .count_o()
  );

endmodule
