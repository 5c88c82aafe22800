#include "heepstor/stack.hpp"

extern "C" const std::uint32_t __stack_bottom[];
extern "C" const std::uint32_t __stack_top[];

namespace heepstor {
namespace {

constexpr std::uint32_t kPaint = 0xA5A5A5A5;  // as in crt0.S

}  // namespace

std::uint32_t stack_used() {
  const std::uint32_t* deepest = __stack_bottom;
  while (deepest < __stack_top && *deepest == kPaint) ++deepest;
  return static_cast<std::uint32_t>(__stack_top - deepest) * sizeof(std::uint32_t);
}

bool stack_overflowed() { return __stack_bottom[0] != kPaint; }

}  // namespace heepstor
