// Checks of the program's own assumptions. -DHEEPSTOR_NO_ASSERTIONS disables them.
#pragma once

namespace heepstor {

/// Prints the location and the message, then ends the program with exit code 1.
[[noreturn]] void assertion_failed(const char* condition, const char* message, const char* file,
                                   int line);

}  // namespace heepstor

#ifdef HEEPSTOR_NO_ASSERTIONS
#define HEEPSTOR_ASSERT(condition, message) static_cast<void>(sizeof(!(condition)))
#else
#define HEEPSTOR_ASSERT(condition, message) \
  ((condition) ? static_cast<void>(0)       \
               : ::heepstor::assertion_failed(#condition, message, __FILE__, __LINE__))
#endif
