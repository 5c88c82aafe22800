// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "waveform.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "options.hpp"

namespace heepstor::sim {
namespace {

// The file begins with a header block (type 0) and its length. The writer writes it last.
constexpr std::array<char, 9> kStart = {0, 0, 0, 0, 0, 0, 0, 329 >> 8, 329 & 0xff};
constexpr int kUserErrorCode = 2;

volatile std::sig_atomic_t writing = 0;
std::string abort_message;

// The writer calls abort() after a failed write; so do assertions in the RTL.
void EndIfWriting(int) {
  if (!writing) return;
  const ssize_t ignored = write(STDERR_FILENO, abort_message.data(), abort_message.size());
  static_cast<void>(ignored);
  _exit(kUserErrorCode);
}

std::string Incomplete(const std::string& path) {
  return "cannot write the waveform " + path + ": is there space on the disk?";
}

// The writer seeks: it needs a file that can.
void CheckFile(const std::string& path) {
  std::ofstream file(path);
  if (!file) throw UserError("cannot write the waveform " + path + ": " + std::strerror(errno));
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw UserError("cannot write the waveform " + path + ": it is not a regular file");
  }
}

// Runs a call of the writer.
template <typename Call>
void Guarded(Call call) {
  writing = 1;
  call();
  writing = 0;
}

}  // namespace

Waveform::Waveform(const std::string& path, VerilatedContext& context, Vsoc_sim& top)
    : path_(path) {
  CheckFile(path);
  abort_message = "simulator: " + Incomplete(path) + "\n";
  std::signal(SIGABRT, EndIfWriting);
  context.traceEverOn(true);
  top.trace(&writer_, 99);
  Guarded([&] { writer_.open(path.c_str()); });
}

void Waveform::Dump(std::uint64_t time) {
  Guarded([&] { writer_.dump(time); });
}

void Waveform::Close() {
  Guarded([&] { writer_.close(); });
  std::array<char, kStart.size()> start = {};
  std::ifstream(path_, std::ios::binary).read(start.data(), start.size());
  if (start != kStart) throw UserError(Incomplete(path_));
}

}  // namespace heepstor::sim
