// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

#include "jtag_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "model.hpp"
#include "options.hpp"

namespace heepstor::sim {
namespace {

[[noreturn]] void Refuse(std::uint16_t port) {
  throw UserError("cannot listen on port " + std::to_string(port) +
                  " for JTAG: " + std::strerror(errno) + "; --jtag=0 takes a free one");
}

sockaddr* Generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

int Listen(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) Refuse(port);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(listener, Generic(address), sizeof(address)) != 0 || listen(listener, 1) != 0) {
    close(listener);
    Refuse(port);
  }
  return listener;
}

std::uint16_t PortOf(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listener, Generic(address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

JtagPort::JtagPort(std::uint16_t port) : listener_(Listen(port)) {
  std::fprintf(stderr, "simulator: JTAG on port %u\n", unsigned{PortOf(listener_)});
}

JtagPort::~JtagPort() {
  Close();
  close(listener_);
}

void JtagPort::Advance(Model& model) {
  until_look_ = kLookCycles;
  if (connection_ < 0) Accept(model);
  if (next_ == end_) Receive();
  for (int changes = 0; next_ != end_ && changes < kChangesInCycle;) {
    const char command = received_[next_++];
    Take(model, command);
    if (command >= '0' && command <= '7') changes++;
  }
  if (next_ == end_) Send();
}

void JtagPort::Accept(Model& model) {
  connection_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection_ < 0) return;
  const int yes = 1;
  setsockopt(connection_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  gone_ = false;
  model.SetJtagReset(false);
}

void JtagPort::Receive() {
  if (connection_ < 0) return;
  const ssize_t count = recv(connection_, received_, sizeof(received_), 0);
  if (count > 0) {
    next_ = 0;
    end_ = static_cast<std::size_t>(count);
  } else if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    Close();
  }
}

void JtagPort::Take(Model& model, char command) {
  switch (command) {
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
      model.SetJtag(command & 4, command & 2, command & 1);
      break;
    case 'R':
      answers_ += model.JtagTdo() ? '1' : '0';
      break;
    case 'r':
    case 's':
      model.SetJtagReset(false);
      break;
    case 't':
    case 'u':
      model.SetJtagReset(true);
      break;
    case 'Q':
      Close();
      break;
    default:
      // B, b: a blinking light, which does not exist.
      break;
  }
}

void JtagPort::Send() {
  std::size_t sent = 0;
  while (connection_ >= 0 && sent < answers_.size()) {
    const ssize_t count =
        send(connection_, answers_.data() + sent, answers_.size() - sent, MSG_NOSIGNAL);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      Close();
    }
  }
  answers_.clear();
}

void JtagPort::Close() {
  if (connection_ < 0) return;
  close(connection_);
  connection_ = -1;
  gone_ = true;
  next_ = end_ = 0;
  answers_.clear();
}

}  // namespace heepstor::sim
