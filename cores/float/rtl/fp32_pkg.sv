// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

/// Parts and comparison of FP32 numbers; the NaN of all results is the canonical one.
package fp32_pkg;
  localparam logic [31:0] CanonicalNan = 32'h7fc00000;

  /// The number that changes nothing when it is added, zeros of either sign included.
  localparam logic [31:0] NegativeZero = 32'h80000000;

  /// Whether a number is NaN.
  function automatic logic is_nan(logic [30:0] magnitude);
    return magnitude[30:23] == 8'hff && magnitude[22:0] != '0;
  endfunction

  /// The biased exponent that goes with the significand: 1 for subnormals.
  function automatic logic [7:0] exponent_of(logic [7:0] field);
    return (field == 8'd0) ? 8'd1 : field;
  endfunction

  /// The significand with its hidden bit.
  function automatic logic [23:0] significand_of(logic [30:0] magnitude);
    return {magnitude[30:23] != 8'd0, magnitude[22:0]};
  endfunction

  /// How far to shift a significand by `shifted_right`: from 27 places on nothing is left of it, so the
  /// distance saturates.
  function automatic logic [4:0] places(logic [7:0] distance);
    return (distance[7:5] != '0) ? '1 : distance[4:0];
  endfunction

  /// A significand with three more bits below it, shifted right, and whether ones were lost.
  function automatic logic [27:0] shifted_right(logic [23:0] significand, logic [4:0] distance);
    logic [26:0] shifted;
    logic        sticky;

    shifted = {significand, 3'b000};
    sticky  = 1'b0;
    for (int k = 0; k < 5; k++) begin
      if (distance[k]) begin
        sticky  = sticky || (shifted & ~(27'h7ffffff << 2 ** k)) != '0;
        shifted = shifted >> 2 ** k;
      end
    end
    return {shifted, sticky};
  endfunction

  /// Leading zeros of a word; any number if it is zero. By nibbles, so that few levels of LUTs are
  /// enough: the first group of four with a one in it, and in it the first nibble.
  function automatic logic [5:0] leading_zeros(logic [63:0] word);
    logic [15:0] nibble_any;  // the topmost one first
    logic [15:0][1:0] in_nibble;
    logic [2:0] group_any;  // the last one needs none
    logic [3:0][3:0] in_group;
    logic [1:0] group;

    for (int unsigned n = 0; n < 16; n++) begin
      nibble_any[n] = word[63-4*n-:4] != '0;
      in_nibble[n]  = first_of(word[63-4*n-:3]);
    end
    for (int unsigned g = 0; g < 4; g++) begin
      logic [1:0] nibble;

      nibble      = first_of({<<{nibble_any[4*g+:3]}});
      if (g < 3) group_any[g] = nibble_any[4*g+:4] != '0;
      in_group[g] = {nibble, in_nibble[4*g+32'(nibble)]};
    end
    group = first_of({<<{group_any}});
    return {group, in_group[group]};
  endfunction

  /// Leading zeros of a nibble, which are 3 if only its lowest bit may be one.
  function automatic logic [1:0] first_of(logic [3:1] nibble);
    return nibble[3] ? 2'd0 : nibble[2] ? 2'd1 : nibble[1] ? 2'd2 : 2'd3;
  endfunction

  /// Whether a < b, if neither is NaN; -0 equals +0.
  function automatic logic less(logic [31:0] a, logic [31:0] b);
    if (a[31] != b[31]) return a[31] && (a[30:0] != '0 || b[30:0] != '0);
    return (a[30:0] ^ {31{a[31]}}) < (b[30:0] ^ {31{a[31]}});
  endfunction

  /// Whether a number takes the place of the largest one so far: if it is larger, or the first NaN.
  /// Where both are equal, the first one stays. The NaN so far is the canonical one.
  function automatic logic is_new_maximum(logic [31:0] number, logic [31:0] largest);
    return largest[30:22] != '1 && (is_nan(number[30:0]) || less(largest, number));
  endfunction
endpackage
