// The memory functions that a compiler may call even in freestanding code.
//
// Built with -fno-builtin, so that their loops are not turned into calls of themselves.

#include <cstddef>
#include <cstdint>

namespace {

constexpr std::uintptr_t kWordMask = sizeof(std::uint32_t) - 1;

// May alias anything: these functions copy objects of all types by words.
using Word = std::uint32_t __attribute__((may_alias));

bool are_aligned(const void* left, const void* right) {
  return ((reinterpret_cast<std::uintptr_t>(left) | reinterpret_cast<std::uintptr_t>(right)) &
          kWordMask) == 0;
}

void copy_backward(unsigned char* to, const unsigned char* from, std::size_t count) {
  while (count-- > 0) to[count] = from[count];
}

}  // namespace

extern "C" void* memcpy(void* destination, const void* source, std::size_t count) {
  auto* to = static_cast<unsigned char*>(destination);
  const auto* from = static_cast<const unsigned char*>(source);
  if (are_aligned(to, from)) {
    for (; count >= sizeof(Word); count -= sizeof(Word)) {
      *reinterpret_cast<Word*>(to) = *reinterpret_cast<const Word*>(from);
      to += sizeof(Word);
      from += sizeof(Word);
    }
  }
  while (count-- > 0) *to++ = *from++;
  return destination;
}

extern "C" void* memmove(void* destination, const void* source, std::size_t count) {
  const auto to = reinterpret_cast<std::uintptr_t>(destination);
  const auto from = reinterpret_cast<std::uintptr_t>(source);
  // A forward copy as in memcpy is correct unless the destination begins inside the source.
  if (to - from >= count) return memcpy(destination, source, count);
  copy_backward(static_cast<unsigned char*>(destination), static_cast<const unsigned char*>(source),
                count);
  return destination;
}

extern "C" void* memset(void* destination, int value, std::size_t count) {
  auto* to = static_cast<unsigned char*>(destination);
  const auto byte = static_cast<unsigned char>(value);
  if (are_aligned(to, nullptr)) {
    const std::uint32_t word = byte * 0x01010101u;
    for (; count >= sizeof(Word); count -= sizeof(Word)) {
      *reinterpret_cast<Word*>(to) = word;
      to += sizeof(Word);
    }
  }
  while (count-- > 0) *to++ = byte;
  return destination;
}

extern "C" int memcmp(const void* left, const void* right, std::size_t count) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (; count > 0; --count, ++a, ++b) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}
