// Loops over two tensors that are broadcast against each other.
#pragma once

#include <cstddef>

namespace heepstor {

/// How often a loop runs, and how far each tensor moves each time, in elements.
struct Loop {
  std::size_t size;
  std::size_t left;
  std::size_t right;
  std::size_t out;
};

namespace detail {

template <class T, class Body>
void nested(const T* left, const T* right, T* out, const Loop* loop, const Loop* end,
            const Body& body) {
  for (std::size_t i = 0; i < loop->size; ++i) {
    if (loop + 1 == end) {
      body(left, right, out);
    } else {
      nested(left, right, out, loop + 1, end, body);
    }
    left += loop->left;
    right += loop->right;
    out += loop->out;
  }
}

}  // namespace detail

/// Calls body(left, right, out) inside of all loops, the outermost first.
template <class T, std::size_t depth, class Body>
void nested(const T* left, const T* right, T* out, const Loop (&loops)[depth], const Body& body) {
  detail::nested(left, right, out, loops, loops + depth, body);
}

}  // namespace heepstor
