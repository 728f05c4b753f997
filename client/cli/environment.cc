// SPDX-License-Identifier: Apache-2.0
#include "client/cli/environment.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "absl/strings/numbers.h"
#include <sys/ioctl.h>

namespace itemized::cli {
namespace {

constexpr size_t kWidthMin = 20;
constexpr size_t kWidthWithoutTerminal = 100;

std::atomic<bool> interrupted_by_user = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void Interrupt(int) {
  interrupted_by_user = true;
}

// The first Ctrl-C, or other request to end, asks the command to stop in good order, the second
// kills.
void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = Interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM}) {
    sigaction(signal, &action, nullptr);
  }
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

size_t WidthOf(int fd) {
  winsize size = {};
  size_t width = kWidthWithoutTerminal;
  uint32_t columns = 0;
  if (absl::SimpleAtoi(Variable("COLUMNS"), &columns) && columns > 0) {
    width = columns;
  } else if (isatty(fd) == 1 && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    width = size.ws_col;
  }
  return std::max(width, kWidthMin);
}

Canvas CanvasOf(int fd) {
  const bool color = isatty(fd) == 1 && Variable("NO_COLOR").empty() && Variable("TERM") != "dumb";
  return {.width = WidthOf(fd), .color = color};
}

}  // namespace

Environment ProcessEnvironment() {
  Environment env;
  env.out = &std::cout;
  env.err = &std::cerr;
  env.stdin_fd = STDIN_FILENO;
  env.canvas = CanvasOf(STDOUT_FILENO);
  env.err_canvas = CanvasOf(STDERR_FILENO);
  env.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  env.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const std::string server = Variable("ITEMIZED_SERVER");
  env.server = server.empty() ? kDefaultServer : server;
  env.clock = Clock::System();
  env.interrupted = &interrupted_by_user;
  env.catch_interrupts = CatchInterrupts;
  return env;
}

}  // namespace itemized::cli
