// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "options.hpp"

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>

namespace heepstor::sim {

const char* const kHelp =
    "usage: simulator --firmware=FILE [options]\n"
    "       simulator --boot=loader --uart-pty=LINK [options]\n"
    "\n"
    "Runs a program on the RTL of the SoC. The serial line is printed to standard output, "
    "messages\n"
    "of the simulator to standard error.\n"
    "\n"
    "  --firmware=FILE     ELF file to run\n"
    "  --max-cycles=N      stop after N clock cycles (default 0: no limit)\n"
    "  --hang-cycles=N     stop when nothing has happened for N clock cycles (default 2000000;\n"
    "                      0: never)\n"
    "  --trace=FILE        write a waveform (FST)\n"
    "  --stats=FILE        write statistics (JSON)\n"
    "  --uart-input=FILE   send a file to the SoC's serial line; - is standard input\n"
    "  --uart-pty=LINK     make the serial line a pseudo-terminal, and LINK a link to it; nothing\n"
    "                      is printed, and waiting is not taken for a hang\n"
    "  --boot=loader       the boot ROM takes programs from the serial line, one after the other;\n"
    "                      the simulation goes on until it is interrupted\n"
    "  --jtag=PORT         listen for a debugger (OpenOCD, remote_bitbang) on a TCP port, 0 for a\n"
    "                      free one; the simulation goes on after the program until the debugger\n"
    "                      has gone\n"
    "  --seed=N            memories and registers begin with junk that follows from N, 1 to\n"
    "                      2147483647 (default: another each time; it is printed)\n"
    "  --help              print this text\n"
    "\n"
    "exit code: that of the program (its lowest 8 bits, 1 if only higher bits are set);\n"
    "           2 wrong arguments or files, 124 --max-cycles reached, 125 hang, 130 interrupted\n";

namespace {

std::uint64_t ParseNumber(const std::string& name, const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
  const bool digits_only = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  if (!digits_only || *end != '\0' || errno != 0) {
    throw UserError(name + " needs a number, not '" + text + "'");
  }
  return value;
}

constexpr std::uint32_t kLargestSeed = 0x7fffffff;  // Verilator takes 0 for "none"

std::uint32_t ParseSeed(const std::string& name, const std::string& text) {
  const std::uint64_t seed = ParseNumber(name, text);
  if (seed == 0 || seed > kLargestSeed) {
    throw UserError(name + " is '" + text + "'; expected 1 to " + std::to_string(kLargestSeed));
  }
  return static_cast<std::uint32_t>(seed);
}

std::uint32_t NewSeed() { return std::random_device()() % kLargestSeed + 1; }

std::uint16_t ParsePort(const std::string& name, const std::string& text) {
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  if (!is_number || text.size() > 5 || std::stoul(text) > 65535) {
    throw UserError(name + " needs a TCP port, 0 to 65535, not '" + text + "'");
  }
  return static_cast<std::uint16_t>(std::stoul(text));
}

}  // namespace

Options ParseOptions(int argc, const char* const* argv) {
  Options options;
  options.seed = NewSeed();
  const auto text = [](std::string& target) {
    return [&target](const std::string& name, const std::string& value) {
      if (value.empty()) throw UserError(name + " needs a file: " + name + "=FILE");
      target = value;
    };
  };
  const auto number = [](std::uint64_t& target) {
    return [&target](const std::string& name, const std::string& value) {
      target = ParseNumber(name, value);
    };
  };
  const std::map<std::string, std::function<void(const std::string&, const std::string&)>> known = {
      {"--firmware", text(options.firmware)},
      {"--trace", text(options.trace)},
      {"--stats", text(options.stats)},
      {"--uart-input", text(options.uart_input)},
      {"--uart-pty", text(options.uart_pty)},
      {"--boot",
       [&options](const std::string& name, const std::string& value) {
         if (value != "loader" && value != "memory") {
           throw UserError(name + " is '" + value + "'; expected memory or loader");
         }
         options.loader = value == "loader";
       }},
      {"--jtag", [&options](const std::string& name,
                            const std::string& value) { options.jtag = ParsePort(name, value); }},
      {"--seed", [&options](const std::string& name,
                            const std::string& value) { options.seed = ParseSeed(name, value); }},
      {"--max-cycles", number(options.max_cycles)},
      {"--hang-cycles", number(options.hang_cycles)},
  };

  for (int i = 1; i < argc; i++) {
    std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      options.help = true;
      return options;
    }
    // FuseSoC passes parameters as plusargs: +firmware=FILE is --firmware=FILE.
    if (argument[0] == '+') argument.replace(0, 1, "--");
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const auto option = known.find(name);
    if (option == known.end()) {
      throw UserError("unknown option '" + argument + "'; --help lists them");
    }
    option->second(name, equals == argument.npos ? "" : argument.substr(equals + 1));
  }
  if (options.firmware.empty() && !options.loader) {
    throw UserError("no program to run: --firmware=FILE is missing");
  }
  if (!options.uart_pty.empty() && !options.uart_input.empty()) {
    throw UserError("--uart-pty and --uart-input both want the serial line");
  }
  return options;
}

}  // namespace heepstor::sim
