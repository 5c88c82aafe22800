// The boot ROM's loader as a process. A "program" is its exit code (4 bytes) and the text that it
// prints, which a zero ends. Arguments: the configuration's hash, and whether a program has ended.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "board.hpp"
#include "heepstor/console.hpp"
#include "heepstor_config.hpp"

extern "C" [[noreturn]] void heepstor_boot();

/// Prints a text in a process of its own: every program begins with fresh variables.
static void run(const char* text) {
  const pid_t child = fork();
  if (child == 0) {
    for (; *text != '\0'; ++text) heepstor::console::put(*text);
    heepstor::console::flush();
    std::_Exit(0);
  }
  waitpid(child, nullptr, 0);
}

extern "C" [[noreturn]] void heepstor_enter(std::uint32_t address) {
  if (!left.is_settled()) {
    std::fputs("a program begins on hardware that the one before has left behind\n", stderr);
    std::_Exit(1);
  }
  const auto* program = reinterpret_cast<const std::uint8_t*>(static_cast<std::uintptr_t>(address));
  board.exited = 1;
  board.exit_code = *reinterpret_cast<const std::uint32_t*>(program);
  run(reinterpret_cast<const char*>(program + 4));
  left = LeftBehind();
  heepstor_boot();
}

int main(int, char** arguments) {
  namespace config = heepstor::config;
  void* const base = reinterpret_cast<void*>(static_cast<std::uintptr_t>(config::kMemoryBase));
  void* const memory = mmap(base, config::kMemoryBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory != base) {
    std::perror("the board's memory");
    return 1;
  }
  board.config_hash = static_cast<std::uint32_t>(std::strtoul(arguments[1], nullptr, 16));
  heepstor_boot();
}
