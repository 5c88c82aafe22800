// How much of the stack has been used, and what guards its end.
#pragma once

#include <cstdint>

namespace heepstor {

/// Most bytes of the stack in use at any time since start-up (start-up paints it with a pattern).
std::uint32_t stack_used();

/// Watches the free memory below the stack: a store there ends the program and says why. Nothing is
/// overwritten, unless a single function's frame is larger than that memory.
void guard_stack();

/// Stops watching, for a program that uses the free memory itself.
void unguard_stack();

}  // namespace heepstor
