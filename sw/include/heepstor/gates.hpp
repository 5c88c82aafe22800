// Gates of recurrent layers on the CPU, block by block.
#pragma once

#include <cstddef>

namespace heepstor::detail {

// States are computed in blocks, whose gates are in registers or on the stack.
inline constexpr std::size_t kGateBlock = 64;

/// Calls body(first, count) for blocks of at most kGateBlock of n values.
template <class Body>
void in_gate_blocks(std::size_t n, const Body& body) {
  for (std::size_t first = 0; first < n; first += kGateBlock) {
    body(first, n - first < kGateBlock ? n - first : kGateBlock);
  }
}

}  // namespace heepstor::detail
