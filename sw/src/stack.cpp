#include "heepstor/stack.hpp"

extern "C" const std::uint32_t __stack_bottom[];
extern "C" const std::uint32_t __stack_top[];

namespace heepstor {

std::uint32_t stack_used() {
  constexpr std::uint32_t kPaint = 0xA5A5A5A5;  // as in crt0.S
  const std::uint32_t* deepest = __stack_bottom;
  while (deepest < __stack_top && *deepest == kPaint) ++deepest;
  return static_cast<std::uint32_t>(__stack_top - deepest) * sizeof(std::uint32_t);
}

}  // namespace heepstor
