// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Takes the two sums apart that a column of the array has made of packed INT8 operands.
///
/// A sum is second * 2^18 + first. Over 8 rows the first one fits 18 signed bits if the weights
/// there are at most 1,016 in magnitude together, so the sums of groups of 8 rows can be told
/// apart: the low 18 bits of what each group adds are its first sum. `low_i` has some of those of
/// the running sum behind each group but the last, in the cycle in which they leave their row; the
/// last group may have fewer rows. As all that is added is known modulo 2^18, the first sum's low
/// bits are the running sum's, and only the bits above have to be counted: what a group adds is at
/// most 2^17 - 2^10 in magnitude, so that its sign shows in the bits from 2^10 on.
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
  localparam int unsigned SecondWidth = 20
) (
  input  logic                                   clk_i,
  input  logic [Taps-1:0][ArraySize-1:0][7:0]    low_i,  // bits 10 to 17
  input  logic [ArraySize-1:0][39:0]             sum_i,
  input  logic                                   whole_i,  // a cycle behind the sum
  input  logic                                   apart_i,
  output logic [ArraySize-1:0][FirstWidth-1:0]   first_o,
  output logic [ArraySize-1:0][SecondWidth-1:0]  second_o,
  output logic [ArraySize-1:0]                   carry_o
);
  localparam int unsigned LowWidth   = 18;
  localparam int unsigned KnownWidth = 8;  // of the low bits: those from bit 10 on
  localparam int unsigned HighWidth  = (Groups > 2) ? 2 : 1;
  localparam int unsigned LastRows   = ArraySize - 8 * (Groups - 1);

  // Of the first sum so far: the upper ones of its low bits, and the bits above.
  typedef struct packed {
    logic [HighWidth-1:0]  high;
    logic [KnownWidth-1:0] low;
  } first_t;

  /// The first sum when the next group, with which the running sum has these bits, is added.
  function automatic first_t after(first_t earlier, logic [KnownWidth-1:0] low);
    logic borrow;
    logic [KnownWidth-1:0] added;

    {borrow, added} = {1'b0, low} - {1'b0, earlier.low};
    return '{
      high: earlier.high + HighWidth'(borrow) - HighWidth'(added[KnownWidth-1]),
      low: low
    };
  endfunction

  for (genvar c = 0; c < ArraySize; c++) begin : gen_column
    first_t [Groups-1:0] sums;  // behind each group

    if (Groups == 1) begin : gen_one
      assign sums[0] = after('0, sum_i[c][LowWidth-1-:KnownWidth]);
    end else begin : gen_groups
      for (genvar g = 0; g < Groups; g++) begin : gen_group
        logic [KnownWidth-1:0] low;

        if (g == Groups - 1) begin : gen_last
          assign low = sum_i[c][LowWidth-1-:KnownWidth];
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

    logic [HighWidth-1:0]   high_q;
    logic [LowWidth-1:0]    low_q;
    logic [SecondWidth-1:0] upper_q;

    always_ff @(posedge clk_i) begin
      high_q           <= sums[Groups-1].high;
      {upper_q, low_q} <= sum_i[c][LowWidth+SecondWidth-1:0];
    end

    // What the first sum has above its low bits has been taken from the second one.
    logic [FirstWidth-LowWidth-1:0] high;

    assign high = whole_i ? upper_q[FirstWidth-LowWidth-1:0]
        : (FirstWidth - LowWidth)'($signed(high_q));

    assign first_o[c] = {high, low_q};

    if (HighWidth == 1) begin : gen_carry
      assign second_o[c] = upper_q;
      assign carry_o[c]  = high_q && !apart_i;
    end else begin : gen_difference
      assign second_o[c] = upper_q - (apart_i ? '0 : SecondWidth'($signed(high_q)));
      assign carry_o[c]  = 1'b0;
    end
  end
endmodule
