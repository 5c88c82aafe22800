// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "pseudo_terminal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "options.hpp"

namespace heepstor::sim {
namespace {

constexpr std::size_t kMostKept = 1 << 20;

[[noreturn]] void Fail(const std::string& what) {
  throw UserError("cannot make " + what + ": " + std::strerror(errno));
}

}  // namespace

PseudoTerminal::PseudoTerminal(const std::string& link) : link_(link) {
  master_ = posix_openpt(O_RDWR | O_NOCTTY);
  if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) Fail("a pseudo-terminal");
  const char* name = ptsname(master_);
  slave_ = name == nullptr ? -1 : open(name, O_RDWR | O_NOCTTY);
  if (slave_ < 0) Fail("a pseudo-terminal");
  termios settings;
  if (tcgetattr(slave_, &settings) != 0) Fail("a pseudo-terminal");
  cfmakeraw(&settings);
  if (tcsetattr(slave_, TCSANOW, &settings) != 0) Fail("a pseudo-terminal");
  fcntl(master_, F_SETFL, O_NONBLOCK);
  if (symlink(name, link.c_str()) == 0) return;
  if (errno != EEXIST) Fail("the link " + link);
  throw UserError(link +
                  " is there already: another simulator's, or left by one that was killed; " +
                  "remove it or name another");
}

PseudoTerminal::~PseudoTerminal() {
  unlink(link_.c_str());
  close(slave_);
  close(master_);
}

int PseudoTerminal::Get() {
  if (received_.empty()) {
    char bytes[256];
    const ssize_t count = read(master_, bytes, sizeof(bytes));
    if (count > 0) received_.assign(bytes, bytes + count);
  }
  if (received_.empty()) return -1;
  const char byte = received_.front();
  received_.pop_front();
  return static_cast<unsigned char>(byte);
}

void PseudoTerminal::Put(char byte) {
  if (kept_.size() < kMostKept) kept_ += byte;
  Flush();
}

void PseudoTerminal::Flush() {
  if (kept_.empty()) return;
  const ssize_t count = write(master_, kept_.data(), kept_.size());
  if (count > 0) kept_.erase(0, static_cast<std::size_t>(count));
}

}  // namespace heepstor::sim
