// A window that slides over feature maps, and which of its taps are inside of the map.
#pragma once

#include <cstdint>

#include "heepstor/inlining.hpp"

namespace heepstor::int8 {

/// The window along one axis: of rows or of columns.
struct Axis {
  std::uint32_t size;    // of the map
  std::uint32_t out;     // positions
  std::uint32_t kernel;  // taps
  std::uint32_t stride;
  std::uint32_t dilation;
  std::uint32_t before;  // padding
};

/// The taps of a position that are inside of the map, and the pixel under the first of them.
struct Inside {
  std::uint32_t first;
  std::uint32_t end;
  std::uint32_t pixel;
};

inline Inside inside(const Axis& axis, std::uint32_t position) {
  std::uint32_t first = 0;
  std::uint32_t place = position * axis.stride;
  for (; first < axis.kernel && place < axis.before; ++first) place += axis.dilation;
  const std::uint32_t pixel = first < axis.kernel ? place - axis.before : 0;
  std::uint32_t end = first;
  for (place = pixel; end < axis.kernel && place < axis.size; ++end) place += axis.dilation;
  return {first, end, pixel};
}

}  // namespace heepstor::int8
