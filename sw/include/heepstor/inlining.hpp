// What the kernels tell the compiler.
#pragma once

// Unroll factor of the next loop; ignored by GCC (tests on the host).
#ifdef __clang__
#define HEEPSTOR_PRAGMA(text) _Pragma(#text)
#define HEEPSTOR_UNROLL(count) HEEPSTOR_PRAGMA(clang loop unroll_count(count))
#else
#define HEEPSTOR_UNROLL(count)
#endif

// A length is a constant in the callee, and values stay in registers, only if everything is inlined
// into one function.
#define HEEPSTOR_INLINE inline __attribute__((always_inline))

namespace heepstor::detail {

/// Hides a pointer's target from the compiler, so that it loads values instead of building them:
/// loading one takes one instruction, building it three.
template <class T>
const T& from_memory(const T& value) {
  const T* pointer = &value;
  asm("" : "+r"(pointer));
  return *pointer;
}

}  // namespace heepstor::detail
