// Depthwise convolution of feature maps of 8-bit integers: each channel has kernels of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/int8/conv2d.hpp"

namespace heepstor::int8 {

namespace detail {

/// Constants of all outputs.
template <class Form>
struct Kernels {
  const std::int8_t* weights;
  const std::int32_t* bias;
  const Form* forms;
};

/// Computes the outputs from n on of a position, each from a channel of its own.
template <std::size_t lanes, class Form>
HEEPSTOR_INLINE void depthwise_lanes(const std::int8_t* pixels, const Kernels<Form>& kernels,
                                     std::size_t n, std::int8_t* out, const Convolution& conv,
                                     const Output& output, const Inside& y, const Inside& x) {
  std::int32_t sums[lanes];
  for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] = kernels.bias[n + lane];
  const std::size_t pitch = conv.rows.dilation * conv.columns.size * conv.channels;
  const std::size_t step = conv.columns.dilation * conv.channels;
  for (std::uint32_t row = y.first; row < y.end; ++row, pixels += pitch) {
    const std::int8_t* pixel = pixels;
    const std::size_t tap = row * conv.columns.kernel + x.first;
    const std::int8_t* weight = kernels.weights + tap * conv.outputs + n;
    for (std::uint32_t i = x.first; i < x.end; ++i) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        sums[lane] += (pixel[lane] - conv.zero_point) * weight[lane];
      }
      pixel += step;
      weight += conv.outputs;
    }
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    out[n + lane] = requantized(sums[lane], kernels.forms[n + lane], output);
  }
}

/// Computes all outputs of a position.
template <class Form>
void depthwise(const std::int8_t* pixels, const Kernels<Form>& kernels, std::int8_t* out,
               const Convolution& conv, const Output& output, const Inside& y, const Inside& x) {
  const std::size_t multiple = conv.outputs / conv.channels;
  std::size_t n = 0;
  for (; multiple == 1 && n + kLanes <= conv.outputs; n += kLanes) {
    depthwise_lanes<kLanes>(pixels + n, kernels, n, out, conv, output, y, x);
  }
  for (; n < conv.outputs; ++n) {
    depthwise_lanes<1>(pixels + n / multiple, kernels, n, out, conv, output, y, x);
  }
}

}  // namespace detail

/// The same as conv2d() with as many groups as channels. Weights: (kernel rows, kernel columns,
/// outputs).
template <class Form>
void depthwise(const std::int8_t* maps, const std::int8_t* weights, const std::int32_t* bias,
               const Form* forms, std::int8_t* out, const Convolution& conv, const Output& output) {
  const detail::Kernels<Form> kernels{weights, bias, forms};
  const std::size_t pitch = conv.columns.size * conv.channels;
  for (std::uint32_t i = 0; i < conv.images; ++i, maps += conv.rows.size * pitch) {
    for (std::uint32_t row = 0; row < conv.rows.out; ++row) {
      const Inside y = inside(conv.rows, row);
      for (std::uint32_t column = 0; column < conv.columns.out; ++column, out += conv.outputs) {
        const Inside x = inside(conv.columns, column);
        const std::int8_t* pixels = maps + y.pixel * pitch + x.pixel * conv.channels;
        detail::depthwise(pixels, kernels, out, conv, output, y, x);
      }
    }
  }
}

}  // namespace heepstor::int8
