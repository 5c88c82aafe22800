// Pooling of feature maps of 8-bit integers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/int8/requantize.hpp"
#include "heepstor/int8/window.hpp"

namespace heepstor::int8 {

/// Sizes of a pooling.
struct Pooling {
  Axis rows;
  Axis columns;
  std::uint32_t images;
  std::uint32_t channels;
};

/// The largest value of a window. Padding never wins.
struct Largest {
  static constexpr std::int32_t kFirst = -128;
  static std::int32_t join(std::int32_t a, std::int32_t b) { return a > b ? a : b; }
  static std::int32_t result(std::int32_t largest, std::int32_t) { return largest; }
};

/// The average of the pixels of a window that are inside of the map, ties away from zero.
struct Average {
  static constexpr std::int32_t kFirst = 0;
  static std::int32_t join(std::int32_t a, std::int32_t b) { return a + b; }
  static std::int32_t result(std::int32_t sum, std::int32_t count) {
    return (sum < 0 ? sum - count / 2 : sum + count / 2) / count;
  }
};

namespace detail {

/// Pools `lanes` channels of a window.
template <class Kind, std::size_t lanes>
HEEPSTOR_INLINE void pool_lanes(const std::int8_t* pixels, std::int8_t* out, const Pooling& pooling,
                                const Output& output, const Inside& y, const Inside& x) {
  std::int32_t joined[lanes];
  for (std::size_t lane = 0; lane < lanes; ++lane) joined[lane] = Kind::kFirst;
  const std::size_t pitch = pooling.rows.dilation * pooling.columns.size * pooling.channels;
  const std::size_t step = pooling.columns.dilation * pooling.channels;
  for (std::uint32_t row = y.first; row < y.end; ++row, pixels += pitch) {
    const std::int8_t* pixel = pixels;
    for (std::uint32_t tap = x.first; tap < x.end; ++tap, pixel += step) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        joined[lane] = Kind::join(joined[lane], pixel[lane]);
      }
    }
  }
  const auto count = static_cast<std::int32_t>((y.end - y.first) * (x.end - x.first));
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    out[lane] = clamped(Kind::result(joined[lane], count), output);
  }
}

}  // namespace detail

/// Pools all windows: the bits of the records `IntegerMaxPool2d` and `IntegerAvgPool2d`.
template <class Kind>
void pool(const std::int8_t* maps, std::int8_t* out, const Pooling& pooling, const Output& output) {
  constexpr std::size_t kTogether = 4;
  const std::size_t channels = pooling.channels;
  const std::size_t pitch = pooling.columns.size * channels;
  for (std::uint32_t i = 0; i < pooling.images; ++i, maps += pooling.rows.size * pitch) {
    for (std::uint32_t row = 0; row < pooling.rows.out; ++row) {
      const Inside y = inside(pooling.rows, row);
      for (std::uint32_t column = 0; column < pooling.columns.out; ++column, out += channels) {
        const Inside x = inside(pooling.columns, column);
        const std::int8_t* pixels = maps + y.pixel * pitch + x.pixel * channels;
        std::size_t c = 0;
        for (; c + kTogether <= channels; c += kTogether) {
          detail::pool_lanes<Kind, kTogether>(pixels + c, out + c, pooling, output, y, x);
        }
        for (; c < channels; ++c) {
          detail::pool_lanes<Kind, 1>(pixels + c, out + c, pooling, output, y, x);
        }
      }
    }
  }
}

/// Averages in FP32: sums of scaled values, divided by how many there are and by the result's
/// scale.
struct Fp32Average {
  float scale;
  float result_scale;
  float added;
  std::int32_t zero_point;  // of the values
  std::uint32_t taps;       // that each average is of; 0: those inside of the map
};

/// Averages all windows, tap by tap: the bits of the record `Fp32AvgPool2d`.
inline void fp32_average(const std::int8_t* maps, std::int8_t* out, const Pooling& pooling,
                         const Fp32Average& form, const Output& output) {
  const std::size_t channels = pooling.channels;
  const std::size_t pitch = pooling.columns.size * channels;
  for (std::uint32_t i = 0; i < pooling.images; ++i, maps += pooling.rows.size * pitch) {
    for (std::uint32_t row = 0; row < pooling.rows.out; ++row) {
      const Inside y = inside(pooling.rows, row);
      for (std::uint32_t column = 0; column < pooling.columns.out; ++column, out += channels) {
        const Inside x = inside(pooling.columns, column);
        const std::uint32_t inner = (y.end - y.first) * (x.end - x.first);
        const auto count = static_cast<float>(form.taps != 0 ? form.taps : inner);
        for (std::size_t c = 0; c < channels; ++c) {
          const std::int8_t* pixels = maps + y.pixel * pitch + x.pixel * channels + c;
          float total = 0.0f;
          for (std::uint32_t tap = y.first; tap < y.end; ++tap) {
            const std::int8_t* pixel = pixels;
            for (std::uint32_t across = x.first; across < x.end; ++across) {
              total += static_cast<float>(*pixel - form.zero_point) * form.scale;
              pixel += pooling.columns.dilation * channels;
            }
            pixels += pooling.rows.dilation * pitch;
          }
          out[c] = nearest(total / count / form.result_scale + form.added, output);
        }
      }
    }
  }
}

}  // namespace heepstor::int8
