// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "result.hpp"

#include <cinttypes>
#include <cstdio>
#include <fstream>

#include "options.hpp"

namespace heepstor::sim {
namespace {

const char* Name(End end) {
  switch (end) {
    case End::kExit:
      return "exit";
    case End::kMaxCycles:
      return "max-cycles";
    case End::kHang:
      return "hang";
    case End::kInterrupted:
      return "interrupted";
  }
  return "";
}

double CyclesPerSecond(const Result& result) {
  return result.wall_seconds > 0 ? static_cast<double>(result.cycles) / result.wall_seconds : 0;
}

// Symbols never contain characters that JSON would have to escape, but files are not trusted.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) continue;
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

int Result::ExitCode() const {
  switch (end) {
    case End::kExit:
      return (program_exit_code & 0xff) != 0 ? program_exit_code & 0xff : program_exit_code != 0;
    case End::kMaxCycles:
      return 124;
    case End::kHang:
      return 125;
    case End::kInterrupted:
      return 130;
  }
  return 1;
}

void Report(const Result& result, const Elf& elf) {
  const std::string function = elf.Describe(result.pc);
  const char* state = result.sleeping ? " (asleep in wfi)" : "";
  switch (result.end) {
    case End::kExit:
      std::fprintf(stderr, "simulator: exit code %" PRIu32, result.program_exit_code);
      break;
    case End::kMaxCycles:
      std::fprintf(stderr, "simulator: stopped by --max-cycles at pc 0x%08x in %s%s", result.pc,
                   function.c_str(), state);
      break;
    case End::kHang:
      std::fprintf(stderr,
                   "simulator: the program hangs at pc 0x%08x in %s%s; --trace=FILE shows what it "
                   "waits for",
                   result.pc, function.c_str(), state);
      break;
    case End::kInterrupted:
      std::fprintf(stderr, "simulator: interrupted at pc 0x%08x in %s%s", result.pc,
                   function.c_str(), state);
      break;
  }
  std::fprintf(stderr, "; %" PRIu64 " cycles, %.2f s, %.0f cycles/s\n", result.cycles,
               result.wall_seconds, CyclesPerSecond(result));
}

void WriteStatistics(const Result& result, const Elf& elf, std::uint32_t seed,
                     const std::string& path) {
  std::ofstream file(path);
  file << "{\n"
       << "  \"end\": \"" << Name(result.end) << "\",\n"
       << "  \"exit_code\": " << result.ExitCode() << ",\n"
       << "  \"program_exit_code\": "
       << (result.end == End::kExit ? std::to_string(result.program_exit_code) : "null") << ",\n"
       << "  \"cycles\": " << result.cycles << ",\n"
       << "  \"instructions\": " << result.instructions << ",\n"
       << "  \"wall_seconds\": " << result.wall_seconds << ",\n"
       << "  \"cycles_per_second\": " << static_cast<std::uint64_t>(CyclesPerSecond(result))
       << ",\n"
       << "  \"seed\": " << seed << ",\n"
       << "  \"pc\": " << result.pc << ",\n"
       << "  \"function\": " << Quoted(elf.Describe(result.pc)) << ",\n"
       << "  \"sleeping\": " << (result.sleeping ? "true" : "false") << "\n"
       << "}\n";
  file.close();
  if (!file) throw UserError("cannot write the statistics " + path);
}

}  // namespace heepstor::sim
