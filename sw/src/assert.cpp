#include "heepstor/assert.hpp"

#include "heepstor/exit.hpp"
#include "heepstor/print.hpp"

namespace heepstor {

void assertion_failed(const char* condition, const char* message, const char* file, int line) {
  print(file, ":", line, ": assertion failed: ", message, " (", condition, ")\n");
  exit(1);
}

}  // namespace heepstor
