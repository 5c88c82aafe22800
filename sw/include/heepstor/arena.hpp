// Memory for activations, laid out by the compiler.
#pragma once

#include <cstdint>

/// Puts an array into the arena: aligned for the engine, and not zeroed at start-up.
/// Used as `HEEPSTOR_ARENA float arena[1024];`
#define HEEPSTOR_ARENA alignas(16) __attribute__((section(".bss.arena")))

namespace heepstor {

/// The same memory as INT8 values.
inline std::int8_t* as_int8(float* memory) { return reinterpret_cast<std::int8_t*>(memory); }
inline const std::int8_t* as_int8(const float* memory) {
  return reinterpret_cast<const std::int8_t*>(memory);
}

}  // namespace heepstor
