// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Takes the two sums apart that a column of the array has made of packed INT8 operands.
///
/// A sum is second * 2^18 + first. Over 8 rows the first one fits 18 signed bits if the weights
/// there are at most 1,023 in magnitude together, so the sums of groups of 8 rows can be told
/// apart: the low 18 bits of what each group adds are its first sum. `low_i` has the low bits of
/// the running sum behind each group but the last, in the cycle in which they leave their row; the
/// last group may have fewer rows. As all that is added is known modulo 2^18, the first sum's low
/// bits are the running sum's, and only the bits above have to be counted.
///
/// The second sum is `second_o`, and one more if `carry_o`. A sum that is `whole_i` is one number,
/// which goes to `first_o`; the second one then means nothing. Of a sum that is `apart_i`, which
/// nothing has been multiplied for, the first number is the low 18 bits and the second one those
/// above.
///
/// Latency: 1 cycle, one sum of each column per cycle.
module pair_sums #(
  parameter  int unsigned ArraySize   = 8,
  localparam int unsigned Groups      = (ArraySize + 7) / 8,
  localparam int unsigned Taps        = (Groups > 1) ? Groups - 1 : 1,
  localparam int unsigned FirstWidth  = 20,
  localparam int unsigned SecondWidth = 22
) (
  input  logic                                   clk_i,
  input  logic [Taps-1:0][ArraySize-1:0][17:0]   low_i,
  input  logic [ArraySize-1:0][39:0]             sum_i,
  input  logic                                   whole_i,  // a cycle behind the sum
  input  logic                                   apart_i,
  output logic [ArraySize-1:0][FirstWidth-1:0]   first_o,
  output logic [ArraySize-1:0][SecondWidth-1:0]  second_o,
  output logic [ArraySize-1:0]                   carry_o
);
  localparam int unsigned LowWidth  = 18;
  localparam int unsigned HighWidth = (Groups > 2) ? 2 : 1;
  localparam int unsigned LastRows  = ArraySize - 8 * (Groups - 1);

  // Of the first sum so far: its low bits, and those above.
  typedef struct packed {
    logic [HighWidth-1:0] high;
    logic [LowWidth-1:0]  low;
  } first_t;

  /// The first sum when the next group, which makes the running sum's low bits `low`, is added.
  function automatic first_t after(first_t earlier, logic [LowWidth-1:0] low);
    logic borrow;
    logic [LowWidth-1:0] added;

    {borrow, added} = {1'b0, low} - {1'b0, earlier.low};
    return '{
      high: earlier.high + HighWidth'(borrow) - HighWidth'(added[LowWidth-1]),
      low: low
    };
  endfunction

  for (genvar c = 0; c < ArraySize; c++) begin : gen_column
    first_t [Groups-1:0] sums;  // behind each group

    if (Groups == 1) begin : gen_one
      assign sums[0] = after('0, sum_i[c][LowWidth-1:0]);
    end else begin : gen_groups
      for (genvar g = 0; g < Groups; g++) begin : gen_group
        logic [LowWidth-1:0] low;

        if (g == Groups - 1) begin : gen_last
          assign low = sum_i[c][LowWidth-1:0];
        end else begin : gen_tap
          assign low = low_i[g][c];
        end

        if (g == 0) begin : gen_begin
          assign sums[g] = after('0, low);
        end else begin : gen_next
          // The group before has come as many cycles earlier as this one has rows.
          localparam int unsigned Rows = (g == Groups - 1) ? LastRows : 8;

          first_t [Rows-1:0] earlier_q;

          always_ff @(posedge clk_i) earlier_q <= {earlier_q[Rows-2:0], sums[g-1]};

          assign sums[g] = after(earlier_q[Rows-1], low);
        end
      end
    end

    first_t               first_q;
    logic   [39:LowWidth] upper_q;

    always_ff @(posedge clk_i) begin
      first_q <= sums[Groups-1];
      upper_q <= sum_i[c][39:LowWidth];
    end

    // What the first sum has above its low bits has been taken from the second one.
    logic [FirstWidth-LowWidth-1:0] high;

    assign high = whole_i ? upper_q[LowWidth+:FirstWidth-LowWidth]
        : (FirstWidth - LowWidth)'($signed(first_q.high));

    assign first_o[c] = {high, first_q.low};

    if (HighWidth == 1) begin : gen_carry
      assign second_o[c] = upper_q;
      assign carry_o[c]  = first_q.high && !apart_i;
    end else begin : gen_difference
      assign second_o[c] = upper_q - (apart_i ? '0 : SecondWidth'($signed(first_q.high)));
      assign carry_o[c]  = 1'b0;
    end
  end
endmodule
