// The memory functions that a compiler may call even in freestanding code.
//
// Built with -fno-builtin, so that their loops are not turned into calls of themselves.

#include <cstddef>
#include <cstdint>

namespace {

constexpr std::uintptr_t kWordMask = sizeof(std::uint32_t) - 1;

// May alias anything: these functions copy objects of all types by words.
using Word = std::uint32_t __attribute__((may_alias));

// The bytes before the first whole word at or behind a place, of `count` bytes.
std::size_t bytes_before_word(const void* place, std::size_t count) {
  const std::size_t bytes = -reinterpret_cast<std::uintptr_t>(place) & kWordMask;
  return bytes < count ? bytes : count;
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

template <class T>
void fill_forward(T* to, T value, std::size_t count) {
  for (; count >= 8; count -= 8, to += 8) {
    to[0] = value, to[1] = value, to[2] = value, to[3] = value;
    to[4] = value, to[5] = value, to[6] = value, to[7] = value;
  }
  for (; count > 0; --count) *to++ = value;
}

void copy_backward(unsigned char* to, const unsigned char* from, std::size_t count) {
  while (count-- > 0) to[count] = from[count];
}

}  // namespace

extern "C" void* memcpy(void* destination, const void* source, std::size_t count) {
  auto* to = static_cast<unsigned char*>(destination);
  const auto* from = static_cast<const unsigned char*>(source);
  const auto apart = reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
  if ((apart & kWordMask) == 0) {
    const std::size_t head = bytes_before_word(to, count);
    copy_forward(to, from, head);
    to += head, from += head, count -= head;
    const std::size_t words = count & ~kWordMask;
    copy_forward(reinterpret_cast<Word*>(to), reinterpret_cast<const Word*>(from),
                 words / sizeof(Word));
    to += words, from += words, count -= words;
  }
  copy_forward(to, from, count);
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
  const std::size_t head = bytes_before_word(to, count);
  fill_forward(to, byte, head);
  to += head, count -= head;
  const std::size_t words = count & ~kWordMask;
  fill_forward(reinterpret_cast<Word*>(to), Word{byte * 0x01010101u}, words / sizeof(Word));
  fill_forward(to + words, byte, count - words);
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
