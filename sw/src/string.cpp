// The memory functions that a compiler may call even in freestanding code.
//
// Built with -fno-builtin, so that their loops are not turned into calls of themselves.

#include <cstddef>
#include <cstdint>

namespace {

constexpr std::uintptr_t kWordMask = sizeof(std::uint32_t) - 1;
constexpr std::size_t kGroup = 4 * sizeof(std::uint32_t);

// May alias anything: these functions copy objects of all types by words.
using Word = std::uint32_t __attribute__((may_alias));

bool are_aligned(const void* left, const void* right) {
  return ((reinterpret_cast<std::uintptr_t>(left) | reinterpret_cast<std::uintptr_t>(right)) &
          kWordMask) == 0;
}

// Copies `count` values. Eight are in flight at a time, so that nothing waits for one being loaded,
// and the loop itself takes a small part of the time.
template <class T>
void copy_forward(T* to, const T* from, std::size_t count) {
  for (; count >= 8; count -= 8, to += 8, from += 8) {
    const T a = from[0], b = from[1], c = from[2], d = from[3];
    const T e = from[4], f = from[5], g = from[6], h = from[7];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    to[4] = e, to[5] = f, to[6] = g, to[7] = h;
  }
  for (; count > 0; --count) *to++ = *from++;
}

void copy_backward(unsigned char* to, const unsigned char* from, std::size_t count) {
  while (count-- > 0) to[count] = from[count];
}

}  // namespace

extern "C" void* memcpy(void* destination, const void* source, std::size_t count) {
  auto* to = static_cast<unsigned char*>(destination);
  const auto* from = static_cast<const unsigned char*>(source);
  std::size_t done = 0;
  if (are_aligned(to, from)) {
    done = count & ~kWordMask;
    copy_forward(reinterpret_cast<Word*>(to), reinterpret_cast<const Word*>(from),
                 done / sizeof(Word));
  }
  copy_forward(to + done, from + done, count - done);
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
    auto* words = reinterpret_cast<Word*>(to);
    for (; count >= kGroup; count -= kGroup, words += 4) {
      words[0] = word, words[1] = word, words[2] = word, words[3] = word;
    }
    for (; count >= sizeof(Word); count -= sizeof(Word)) *words++ = word;
    to = reinterpret_cast<unsigned char*>(words);
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
