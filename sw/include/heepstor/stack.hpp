// Stack usage, and the guard at the stack's end.
#pragma once

#include <cstdint>

namespace heepstor {

/// Most bytes of the stack in use at any time since start-up (start-up paints it with a pattern).
std::uint32_t stack_used();

/// Guards the free memory below the stack: a store there ends the program with a message. Nothing
/// is overwritten, unless a single function's frame is larger than that memory.
void guard_stack();

/// Removes the guard, for a program that uses the free memory itself.
void unguard_stack();

}  // namespace heepstor
