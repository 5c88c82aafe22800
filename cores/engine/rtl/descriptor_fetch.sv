/// Reads the chain of descriptors, checks each one, and hands it to the stages as commands.
///
/// Runs ahead of the stages as far as their queues allow. `descriptor_address_o` gives the address of
/// any descriptor that is still in a stage, by its index.
module descriptor_fetch
  import engine_pkg::*;
#(
    parameter int unsigned PortWords = 4
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       clear_i,
    input  logic                       start_i,
    input  logic [31:0]                first_i,
    // Memory
    output logic                       req_o,
    output logic [31:0]                addr_o,
    input  logic                       gnt_i,
    input  logic                       rvalid_i,
    input  logic [PortWords-1:0][31:0] rdata_i,
    // Stages
    output logic                       push_o,
    output logic                       push_store_o,
    input  logic                       full_i,
    output logic                       fetching_o,
    output load_command_t              load_o,
    output weight_command_t            weight_o,
    output compute_command_t           compute_o,
    output store_command_t             store_o,
    // Errors
    output error_t                     error_o,
    output logic [15:0]                index_o,
    input  logic [ 2:0]                lookup_index_i,
    output logic [31:0]                lookup_address_o
);

  import engine_descriptor_pkg::*;

  localparam int unsigned Words     = $bits(descriptor_t) / 32;
  localparam int unsigned Beats     = Words / PortWords;
  localparam int unsigned BeatWidth = $clog2(Beats + 1);
  // More descriptors than can be in the stages at a time.
  localparam int unsigned Recent    = 8;

  typedef enum logic [1:0] {
    StateIdle,
    StateRead,
    StatePush
  } state_e;

  state_e                          state_q;
  logic   [31:0]                   address_q;
  logic   [15:0]                   index_q;
  logic   [15:0]                   reports_q;
  logic                            report;
  logic   [BeatWidth-1:0]          requested_q;
  logic   [BeatWidth-1:0]          received_q;
  logic   [Words-1:0][31:0] words_q;
  logic   [Recent-1:0][31:0]       recent_q;
  descriptor_t                     descriptor;
  logic                            last;

  assign descriptor = descriptor_t'(words_q);
  assign fetching_o = state_q != StateIdle;
  assign last       = descriptor.next_address == '0;
  assign req_o      = state_q == StateRead && requested_q != BeatWidth'(Beats)
      && address_q[3:0] == 4'd0;
  assign addr_o     = address_q + 32'(requested_q) * 32'(4 * PortWords);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= StateIdle;
      address_q   <= '0;
      index_q     <= '0;
      reports_q   <= '0;
      requested_q <= '0;
      received_q  <= '0;
    end else if (clear_i) begin
      state_q <= StateIdle;
    end else begin
      unique case (state_q)
        StateRead: begin
          if (gnt_i) requested_q <= requested_q + 1'b1;
          if (rvalid_i) begin
            received_q <= received_q + 1'b1;
            if (received_q == BeatWidth'(Beats - 1)) state_q <= StatePush;
          end
        end
        StatePush: begin
          if (push_o) begin
            state_q     <= last ? StateIdle : StateRead;
            address_q   <= descriptor.next_address;
            index_q     <= index_q + 1'b1;
            reports_q   <= reports_q + 16'(report);
            requested_q <= '0;
            received_q  <= '0;
          end
        end
        default: begin
          if (start_i) begin
            state_q     <= StateRead;
            address_q   <= first_i;
            index_q     <= '0;
            reports_q   <= '0;
            requested_q <= '0;
            received_q  <= '0;
          end
        end
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    // Beats arrive in order: the last one ends up on top.
    if (rvalid_i) words_q <= {rdata_i, words_q[Words-1:PortWords]};
    if (state_q == StateRead) recent_q[index_q[2:0]] <= address_q;
  end

  assign index_o          = index_q;
  assign lookup_address_o = (fetching_o && lookup_index_i == index_q[2:0]) ? address_q
      : recent_q[lookup_index_i];

  // Checks that need no arithmetic; accesses outside memory or buffers are caught where they happen.
  error_e code;

  always_comb begin
    code = ErrorNone;
    if (state_q == StateRead) begin
      if (address_q[3:0] != 4'd0) code = ErrorDescriptorAddress;
    end else if (state_q == StatePush) begin
      if (descriptor.control_operation != 8'd1 || descriptor.control_reserved != '0
          || descriptor.columns_reserved != '0 || descriptor.reserved_value != '0) begin
        code = ErrorOperation;
      end else if (descriptor.shape_rows == '0 || descriptor.shape_words == '0
                   || descriptor.tiles_count == '0 || descriptor.columns_count == '0) begin
        code = ErrorZero;
      end else if ((descriptor.control_load
                    && (descriptor.source_address[1:0] | descriptor.source_pitch_bytes[1:0]) != '0)
                   || descriptor.weights_address[3:0] != '0
                   || (descriptor.control_store
                       && (descriptor.destination_address[1:0] | descriptor.parameters_address[1:0]
                           | descriptor.destination_pitch_bytes[1:0]) != '0)
                   || descriptor.profile_address[3:0] != '0) begin
        code = ErrorAddress;
      end else if (!last && index_q == 16'hffff) begin
        code = ErrorChain;
      end
    end
  end

  assign error_o = '{valid: code != ErrorNone, code: code, index: index_q};
  assign report  = descriptor.control_store || descriptor.profile_address != '0 || last;
  assign push_o  = state_q == StatePush && code == ErrorNone && !full_i;

  assign push_store_o = push_o && report;

  assign load_o = '{
          index: index_q,
          reports: reports_q,
          load: descriptor.control_load,
          fence: descriptor.control_fence,
          source: descriptor.source_address,
          source_pitch: descriptor.source_pitch_bytes,
          rows: descriptor.shape_rows,
          words: descriptor.shape_words,
          buffer_base: descriptor.buffer_base,
          buffer_pitch: descriptor.buffer_pitch
      };

  assign weight_o = '{
          index: index_q,
          weights: descriptor.weights_address,
          words: descriptor.shape_words,
          tiles: descriptor.tiles_count
      };

  assign compute_o = '{
          index: index_q,
          reports: reports_q,
          report: report,
          first: descriptor.control_first,
          rows: descriptor.shape_rows,
          words: descriptor.shape_words,
          buffer_base: descriptor.buffer_base,
          buffer_pitch: descriptor.buffer_pitch,
          tiles: descriptor.tiles_count,
          accumulator: descriptor.tiles_accumulator,
          columns: descriptor.columns_count
      };

  assign store_o = '{
          index: index_q,
          last: last,
          store: descriptor.control_store,
          rows: descriptor.shape_rows,
          tiles: descriptor.tiles_count,
          accumulator: descriptor.tiles_accumulator,
          parameters: descriptor.parameters_address,
          destination: descriptor.destination_address,
          destination_pitch: descriptor.destination_pitch_bytes,
          columns: descriptor.columns_count,
          clamp_low: descriptor.clamp_low_value,
          clamp_high: descriptor.clamp_high_value,
          profile: descriptor.profile_address
      };

endmodule
