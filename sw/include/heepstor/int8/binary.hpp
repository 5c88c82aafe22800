// Sums and products of two tensors of 8-bit integers, element by element, with broadcasting.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/int8/requantize.hpp"
#include "heepstor/loops.hpp"

namespace heepstor::int8 {

/// Zero points of two operands.
struct ZeroPoints {
  std::int32_t left;
  std::int32_t right;
};

namespace detail {

/// out[i] = function(left[i * left_step], right[i * right_step]) for i < n.
template <std::size_t left_step, std::size_t right_step, class Function>
void binary(const std::int8_t* left, const std::int8_t* right, std::int8_t* out, std::size_t n,
            std::size_t step, const Function& function) {
  for (; n != 0; --n, left += left_step, right += right_step, out += step) {
    *out = function(*left, *right);
  }
}

/// The same inside of other loops.
template <std::size_t left_step, std::size_t right_step, class Function, std::size_t depth>
void binary(const std::int8_t* left, const std::int8_t* right, std::int8_t* out, std::size_t n,
            std::size_t step, const Function& function, const Loop (&loops)[depth]) {
  nested(left, right, out, loops, [&](const auto* first, const auto* second, auto* to) {
    binary<left_step, right_step>(first, second, to, n, step, function);
  });
}

}  // namespace detail

/// out[i * step] = left[i * left_step] + right[i * right_step] for i < n: the bits of the record
/// `IntegerAdd`. `scaled` has the operands in units of the sum: those that the left one's elements
/// from -128 to 127 stand for, then the right one's.
template <std::size_t left_step, std::size_t right_step, std::size_t step, class... Loops>
void add(const std::int8_t* left, const std::int8_t* right, const std::int32_t* scaled,
         std::int8_t* out, std::size_t n, const ShiftForm& form, const Output& output,
         const Loops&... loops) {
  const auto sum = [&](std::int32_t a, std::int32_t b) {
    return requantized(scaled[128 + a] + scaled[384 + b], form, output);
  };
  detail::binary<left_step, right_step>(left, right, out, n, step, sum, loops...);
}

/// out[i * step] = left[i * left_step] * right[i * right_step] for i < n: the bits of the record
/// `IntegerMultiply`.
template <std::size_t left_step, std::size_t right_step, std::size_t step, class... Loops>
void multiply(const std::int8_t* left, const std::int8_t* right, std::int8_t* out, std::size_t n,
              const ZeroPoints& zero, const ShiftForm& form, const Output& output,
              const Loops&... loops) {
  const auto product = [&](std::int32_t a, std::int32_t b) {
    return requantized((a - zero.left) * (b - zero.right), form, output);
  };
  detail::binary<left_step, right_step>(left, right, out, n, step, product, loops...);
}

/// A sum in FP32: left * (a + offset) + (right * (b + offset) + fixed), each rounded once.
struct Fp32Sum {
  float left;
  float right;
  float fixed;
  std::int32_t offset;
};

/// A product in FP32: factor * ((a - zero) * (b - zero)) + added.
struct Fp32Product {
  float factor;
  float added;
};

/// out[i * step] = left[i * left_step] + right[i * right_step] for i < n: the bits of the record
/// `Fp32Add`.
template <std::size_t left_step, std::size_t right_step, std::size_t step, class... Loops>
void fp32_add(const std::int8_t* left, const std::int8_t* right, std::int8_t* out, std::size_t n,
              const Fp32Sum& form, const Output& output, const Loops&... loops) {
  const auto sum = [&](std::int32_t a, std::int32_t b) {
    const auto first = static_cast<float>(a + form.offset);
    const auto second = static_cast<float>(b + form.offset);
    const float inner = __builtin_fmaf(second, form.right, form.fixed);
    return nearest(__builtin_fmaf(first, form.left, inner), output);
  };
  detail::binary<left_step, right_step>(left, right, out, n, step, sum, loops...);
}

/// out[i * step] = left[i * left_step] * right[i * right_step] for i < n: the bits of the record
/// `Fp32Multiply`.
template <std::size_t left_step, std::size_t right_step, std::size_t step, class... Loops>
void fp32_multiply(const std::int8_t* left, const std::int8_t* right, std::int8_t* out,
                   std::size_t n, const ZeroPoints& zero, const Fp32Product& form,
                   const Output& output, const Loops&... loops) {
  const auto product = [&](std::int32_t a, std::int32_t b) {
    const auto number = static_cast<float>((a - zero.left) * (b - zero.right));
    return nearest(number * form.factor + form.added, output);
  };
  detail::binary<left_step, right_step>(left, right, out, n, step, product, loops...);
}

}  // namespace heepstor::int8
