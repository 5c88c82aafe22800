// Main memory between the program's data and the stack.

#include <initializer_list>

#include "heepstor/stack.hpp"
#include "heepstor_config.hpp"
#include "selftest.hpp"

extern "C" std::uint32_t __free_start[];
extern "C" std::uint32_t __stack_bottom[];

namespace selftest {
namespace {

namespace config = heepstor::config;
using Word = volatile std::uint32_t;

// Words below the stack's limit that are left alone.
constexpr std::uint32_t kMarginWords = 64;

std::uint32_t free_words() {
  return static_cast<std::uint32_t>(__stack_bottom - __free_start) - kMarginWords;
}

std::uint32_t address_of(Word* word) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(word));
}

/// Every element of a march test: read one value and write another, upwards or downwards.
struct MarchElement {
  std::uint32_t read;
  std::uint32_t write;
  bool downwards;
};

bool march(Word* words, std::uint32_t count, const MarchElement& element) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Word& word = words[element.downwards ? count - 1 - i : i];
    const std::uint32_t got = word;
    if (got != element.read) {
      heepstor::print("  at ", heepstor::hex(address_of(&word)), ":\n");
      return equal("word", got, element.read);
    }
    word = element.write;
  }
  return true;
}

/// During its lifetime, the free memory may be written.
struct FreeMemory {
  FreeMemory() { heepstor::unguard_stack(); }
  ~FreeMemory() { heepstor::guard_stack(); }
};

}  // namespace

/// Writes distinct values to words spread over all free memory, and reads them back: detects
/// swapped address lines and banks.
bool memory_addresses() {
  const FreeMemory unguarded;
  constexpr std::uint32_t kProbes = 2048;
  const std::uint32_t count = free_words();
  // Odd, so that all banks and the last words are covered.
  const std::uint32_t stride = (count / kProbes) | 1;
  bool good = true;
  for (std::uint32_t invert : {0u, ~0u}) {
    for (std::uint32_t i = 0; i < count; i += stride) {
      Word& word = __free_start[count - 1 - i];
      word = address_of(&word) ^ invert;
    }
    for (std::uint32_t i = 0; i < count && good; i += stride) {
      Word& word = __free_start[count - 1 - i];
      good = equal("word with its own address", word, address_of(&word) ^ invert);
    }
  }
  return good;
}

/// March C- (van de Goor 1991) with two backgrounds, on a block in every bank.
bool memory_march() {
  constexpr std::uint32_t kRowsPerBank = 16;
  constexpr std::uint32_t kWords = config::kMemoryBanks * kRowsPerBank;
  if (free_words() < kWords) return holds(false, "too little free memory for this test");
  const FreeMemory unguarded;
  for (std::uint32_t zero : {0u, 0x55555555u}) {
    const std::uint32_t one = ~zero;
    const MarchElement elements[] = {{zero, one, false},
                                     {one, zero, false},
                                     {zero, one, true},
                                     {one, zero, true},
                                     {zero, zero, false}};
    for (std::uint32_t i = 0; i < kWords; ++i) static_cast<Word&>(__free_start[i]) = zero;
    for (const MarchElement& element : elements) {
      if (!march(__free_start, kWords, element)) return false;
    }
  }
  return true;
}

/// Stores of bytes and halves change nothing else; signed loads extend the sign.
bool memory_narrow_accesses() {
  const FreeMemory unguarded;
  bool good = true;
  for (std::uint32_t bank = 0; bank < config::kMemoryBanks; ++bank) {
    Word& word = __free_start[bank];
    auto* bytes = reinterpret_cast<volatile std::uint8_t*>(&__free_start[bank]);
    auto* halves = reinterpret_cast<volatile std::uint16_t*>(&__free_start[bank]);
    word = 0x11223344;
    bytes[1] = 0xAB;
    good &= equal("after a byte store", word, 0x1122AB44);
    halves[1] = 0xCDEF;
    good &= equal("after a half store", word, 0xCDEFAB44);
    bytes[3] = 0x80;
    good &= equal("byte load", bytes[2], 0xEF);
    good &= equal("half load", halves[0], 0xAB44);
    good &= equal("signed byte load",
                  static_cast<std::uint32_t>(static_cast<std::int8_t>(bytes[3])), 0xFFFFFF80);
    good &= equal("signed half load",
                  static_cast<std::uint32_t>(static_cast<std::int16_t>(halves[1])), 0xFFFF80EF);
  }
  return good;
}

}  // namespace selftest
