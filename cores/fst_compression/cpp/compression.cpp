// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// Replacements for liblz4 and zlib, so that the simulator needs no library that may be missing.
//
// LZ4: a greedy compressor of the block format (lz4_Block_format.md). zlib: stored blocks only (RFC
// 1950, 1951): the FST writer keeps the original if compression gains nothing.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lz4.h"
#include "zlib.h"

namespace {

// Constants of the LZ4 block format.
constexpr int kMinMatch = 4;
constexpr int kLastLiterals = 5;        // the block ends with at least as many literals
constexpr int kLastMatchDistance = 12;  // no match begins closer to the end
constexpr int kMaxOffset = 65535;
constexpr int kHashBits = 13;

// Writes the sequences of a block.
class Lz4Writer {
 public:
  explicit Lz4Writer(std::uint8_t* target) : begin_(target), at_(target) {}

  // Literals, followed by a match of `length` bytes; length 0: none (the last sequence).
  void Sequence(const std::uint8_t* literals, int count, int offset, int length) {
    const int match = length == 0 ? 0 : length - kMinMatch;
    *at_++ = static_cast<std::uint8_t>(std::min(count, 15) << 4 | std::min(match, 15));
    Extend(count);
    at_ = std::copy_n(literals, count, at_);
    if (length == 0) return;
    *at_++ = static_cast<std::uint8_t>(offset);
    *at_++ = static_cast<std::uint8_t>(offset >> 8);
    Extend(match);
  }

  int Size() const { return static_cast<int>(at_ - begin_); }

 private:
  // The part of a length that does not fit into the token's four bits.
  void Extend(int length) {
    if (length < 15) return;
    for (length -= 15; length >= 255; length -= 255) *at_++ = 255;
    *at_++ = static_cast<std::uint8_t>(length);
  }

  std::uint8_t* begin_;
  std::uint8_t* at_;
};

std::uint32_t Load32(const std::uint8_t* from) {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

std::uint32_t Hash(std::uint32_t value) { return value * 2654435761u >> (32 - kHashBits); }

int MatchLength(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* end) {
  return static_cast<int>(std::mismatch(b, end, a).first - b);
}

int CompressBlock(const std::uint8_t* source, int size, std::uint8_t* target) {
  Lz4Writer writer(target);
  std::vector<int> last_seen(1u << kHashBits, -1);
  int done = 0;
  int at = 0;
  while (at + kLastMatchDistance <= size) {
    int& seen = last_seen[Hash(Load32(source + at))];
    const int candidate = seen;
    seen = at;
    if (candidate < 0 || at - candidate > kMaxOffset ||
        Load32(source + candidate) != Load32(source + at)) {
      at++;
      continue;
    }
    const int length = MatchLength(source + candidate, source + at, source + size - kLastLiterals);
    if (length < kMinMatch) break;
    writer.Sequence(source + done, at - done, at - candidate, length);
    at += length;
    done = at;
  }
  writer.Sequence(source + done, size - done, 0, 0);
  return writer.Size();
}

constexpr uLong kStoredBlock = 65535;
constexpr uLong kStoredHeader = 5;

std::uint32_t Adler32(const Bytef* bytes, uLong size) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (uLong i = 0; i < size; i++) {
    a = (a + bytes[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

}  // namespace

extern "C" int LZ4_compressBound(int size) { return size + size / 255 + 16; }

extern "C" int LZ4_compress_default(const char* source, char* target, int size, int capacity) {
  if (capacity < LZ4_compressBound(size)) return 0;
  return CompressBlock(reinterpret_cast<const std::uint8_t*>(source), size,
                       reinterpret_cast<std::uint8_t*>(target));
}

extern "C" uLong compressBound(uLong size) {
  return size + kStoredHeader * (size / kStoredBlock + 1) + 2 + 4;
}

extern "C" int compress2(Bytef* target, uLongf* target_size, const Bytef* source, uLong size, int) {
  if (*target_size < compressBound(size)) return Z_BUF_ERROR;
  Bytef* at = target;
  *at++ = 0x78;
  *at++ = 0x01;
  uLong done = 0;
  do {
    const uLong count = std::min(kStoredBlock, size - done);
    *at++ = done + count == size;
    *at++ = static_cast<Bytef>(count);
    *at++ = static_cast<Bytef>(count >> 8);
    *at++ = static_cast<Bytef>(~count);
    *at++ = static_cast<Bytef>(~count >> 8);
    at = std::copy_n(source + done, count, at);
    done += count;
  } while (done < size);
  const std::uint32_t check = Adler32(source, size);
  for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<Bytef>(check >> shift);
  *target_size = static_cast<uLongf>(at - target);
  return Z_OK;
}
