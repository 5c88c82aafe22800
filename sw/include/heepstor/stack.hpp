// How much of the stack has been used.
#pragma once

#include <cstdint>

namespace heepstor {

/// Most bytes of the stack in use at any time since start-up (start-up paints it with a pattern).
std::uint32_t stack_used();

/// Whether the stack has grown to its limit: it may have overwritten what lies below.
bool stack_overflowed();

}  // namespace heepstor
