// Copies of strided boxes: permutations, slices, padding, repetition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace heepstor {

/// A dimension of a box. Strides are distances between neighbours, in values.
struct Dimension {
  std::uint32_t size;
  std::int32_t source_stride;
  std::int32_t stride;
};

/// A box of the source and the box of the result that gets its values; the outermost dimension
/// first. Offsets are those of the first values.
template <std::size_t rank>
struct Box {
  std::uint32_t source_offset;
  std::uint32_t offset;
  Dimension dimensions[rank];
};

namespace detail {

/// Copies n values. Four are in flight at a time, so that nothing waits for a value being loaded.
template <class T>
inline void copy_run(const T* source, T* out, std::size_t n) {
  for (const T* const end = source + (n & ~std::size_t{3}); source != end; source += 4, out += 4) {
    const T a = source[0], b = source[1], c = source[2], d = source[3];
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
  }
  for (n &= 3; n != 0; --n) *out++ = *source++;
}

/// Copies n bytes, by words where they are aligned.
inline void copy_run(const std::int8_t* source, std::int8_t* out, std::size_t n) {
  std::memcpy(out, source, n);
}

template <class T>
inline void fill(T* out, T value, std::size_t n) {
  for (const T* const end = out + (n & ~std::size_t{7}); out != end; out += 8) {
    out[0] = value, out[1] = value, out[2] = value, out[3] = value;
    out[4] = value, out[5] = value, out[6] = value, out[7] = value;
  }
  for (n &= 7; n != 0; --n) *out++ = value;
}

inline void fill(std::int8_t* out, std::int8_t value, std::size_t n) { std::memset(out, value, n); }

template <class T>
inline void copy_line(const T* source, T* out, const Dimension& line) {
  const std::ptrdiff_t from = line.source_stride;
  const std::ptrdiff_t to = line.stride;
  std::size_t n = line.size;
  if (from == 1 && to == 1) return copy_run(source, out, n);
  for (; n >= 4; n -= 4, source += 4 * from, out += 4 * to) {
    const T a = source[0], b = source[from], c = source[2 * from], d = source[3 * from];
    out[0] = a, out[to] = b, out[2 * to] = c, out[3 * to] = d;
  }
  for (; n != 0; --n, source += from, out += to) *out = *source;
}

template <std::size_t rank, class T>
inline void copy_box(const T* source, T* out, const Dimension* dimensions) {
  if constexpr (rank == 1) {
    copy_line(source, out, *dimensions);
  } else {
    for (std::uint32_t i = 0; i < dimensions->size; ++i) {
      copy_box<rank - 1>(source, out, dimensions + 1);
      source += dimensions->source_stride;
      out += dimensions->stride;
    }
  }
}

}  // namespace detail

/// Copies boxes of `values` to `out`, bit for bit. They must not overlap.
template <class T, std::size_t rank, std::size_t count>
inline void move(const T* values, T* out, const Box<rank> (&boxes)[count]) {
  for (const Box<rank>& box : boxes) {
    detail::copy_box<rank>(values + box.source_offset, out + box.offset, box.dimensions);
  }
}

/// Does the same, after it has set `size` values of `out`, from the index `first` on, to `value`.
template <class T, class Value, std::size_t rank, std::size_t count>
inline void fill_and_move(const T* values, T* out, Value value, std::size_t first, std::size_t size,
                          const Box<rank> (&boxes)[count]) {
  detail::fill(out + first, static_cast<T>(value), size);
  move(values, out, boxes);
}

}  // namespace heepstor
