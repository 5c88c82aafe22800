// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "elf.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "options.hpp"

namespace heepstor::sim {
namespace {

// Structures and constants of the System V ABI, edition 4.1, chapters 4 and 5.
struct Header {
  std::uint8_t ident[16];
  std::uint16_t type, machine;
  std::uint32_t version, entry, phoff, shoff, flags;
  std::uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct ProgramHeader {
  std::uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct SectionHeader {
  std::uint32_t name, type, flags, addr, offset, size, link, info, addralign, entsize;
};

struct SymbolEntry {
  std::uint32_t name, value, size;
  std::uint8_t info, other;
  std::uint16_t shndx;
};

constexpr std::uint16_t kTypeExecutable = 2;
constexpr std::uint16_t kMachineRiscv = 243;
constexpr std::uint8_t kClass32 = 1;
constexpr std::uint8_t kLittleEndian = 1;
constexpr std::uint32_t kSegmentLoad = 1;
constexpr std::uint32_t kSectionSymbols = 2;
constexpr std::uint8_t kSymbolNoType = 0;
constexpr std::uint8_t kSymbolFunction = 2;

// The bytes of a file, with checked access.
class File {
 public:
  explicit File(const std::string& path) : path_(path) {
    if (std::filesystem::is_directory(path)) {
      throw UserError("cannot read the program " + path + ": it is a folder");
    }
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw UserError("cannot read the program " + path + ": " + std::strerror(errno));
    bytes_.assign(std::istreambuf_iterator<char>(stream), {});
    if (stream.bad() || bytes_.empty()) throw UserError(path + " is empty or can't be read");
  }

  [[noreturn]] void Refuse(const std::string& reason) const {
    throw UserError(path_ + " is not a program for this SoC: " + reason);
  }

  template <typename T>
  T At(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, Range(offset, sizeof(T)), sizeof(T));
    return value;
  }

  const char* Range(std::uint64_t offset, std::uint64_t size) const {
    if (offset + size > bytes_.size()) Refuse("the file is truncated");
    return bytes_.data() + offset;
  }

  std::string Text(std::uint64_t offset) const {
    std::string text;
    while (const char c = *Range(offset++, 1)) text += c;
    return text;
  }

 private:
  std::string path_;
  std::vector<char> bytes_;
};

Header ReadHeader(const File& file) {
  if (std::memcmp(file.Range(0, 4),
                  "\x7f"
                  "ELF",
                  4) != 0)
    file.Refuse("it is not an ELF file");
  const auto header = file.At<Header>(0);
  if (header.ident[4] != kClass32 || header.ident[5] != kLittleEndian) {
    file.Refuse("it is not a 32-bit little-endian ELF file");
  }
  if (header.machine != kMachineRiscv) file.Refuse("it is not compiled for RISC-V");
  if (header.type != kTypeExecutable) file.Refuse("it is not linked (not an executable)");
  return header;
}

// The name as it stands in the source.
std::string Demangled(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  if (status != 0) return name;
  std::string demangled = text;
  std::free(text);
  return demangled;
}

std::vector<Segment> ReadSegments(const File& file, const Header& header) {
  std::vector<Segment> segments;
  for (int i = 0; i < header.phnum; i++) {
    const auto program = file.At<ProgramHeader>(header.phoff + i * header.phentsize);
    if (program.type != kSegmentLoad || program.memsz == 0) continue;
    if (program.filesz > program.memsz) file.Refuse("a segment is larger than its memory");
    const char* bytes = file.Range(program.offset, program.filesz);
    segments.push_back({program.paddr, program.memsz, {bytes, bytes + program.filesz}});
  }
  if (segments.empty()) file.Refuse("it has nothing to load");
  return segments;
}

void ReadSymbolTable(const File& file, const SectionHeader& table, const SectionHeader& strings,
                     std::vector<Symbol>& symbols) {
  for (std::uint32_t at = 0; at + sizeof(SymbolEntry) <= table.size; at += sizeof(SymbolEntry)) {
    const auto entry = file.At<SymbolEntry>(table.offset + at);
    const std::uint8_t type = entry.info & 0xf;
    if (type != kSymbolFunction && type != kSymbolNoType) continue;
    const std::string name = file.Text(strings.offset + entry.name);
    // Mapping symbols such as $x and $d mark kinds of content, not functions.
    if (name.empty() || name[0] == '$' || name[0] == '.') continue;
    symbols.push_back({entry.value, entry.size, Demangled(name)});
  }
}

std::vector<Symbol> ReadSymbols(const File& file, const Header& header) {
  std::vector<Symbol> symbols;
  const auto section = [&](std::uint32_t index) {
    return file.At<SectionHeader>(header.shoff + index * header.shentsize);
  };
  for (std::uint32_t i = 0; i < header.shnum; i++) {
    const SectionHeader table = section(i);
    if (table.type == kSectionSymbols) ReadSymbolTable(file, table, section(table.link), symbols);
  }
  std::stable_sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
    return a.address != b.address ? a.address < b.address : a.size < b.size;
  });
  return symbols;
}

}  // namespace

std::string Elf::Describe(std::uint32_t address) const {
  const auto after =
      std::upper_bound(symbols.begin(), symbols.end(), address,
                       [](std::uint32_t value, const Symbol& s) { return value < s.address; });
  if (after == symbols.begin()) return "?";
  const Symbol& symbol = *(after - 1);
  if (symbol.size != 0 && address - symbol.address >= symbol.size) return "?";
  const std::uint32_t offset = address - symbol.address;
  return offset == 0 ? symbol.name : symbol.name + "+" + std::to_string(offset);
}

Elf ReadElf(const std::string& path) {
  const File file(path);
  const Header header = ReadHeader(file);
  return {header.entry, ReadSegments(file, header), ReadSymbols(file, header)};
}

}  // namespace heepstor::sim
