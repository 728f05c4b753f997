// SPDX-License-Identifier: Apache-2.0
#include "server/signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "absl/strings/string_view.h"

#include "storage/base/check.h"

namespace itemized::server {
namespace {

[[noreturn]] void ExitNow(absl::string_view sentence, int exit_status) {
  // The logger may be locked by a thread that hangs.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, sentence.data(), sentence.size());
  _exit(exit_status);
}

// The signals are blocked in every thread and taken here, so that what follows
// is no signal handler and may do anything.
void Watch(sigset_t signals, int pipe_write, std::chrono::seconds time_limit) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  close(pipe_write);
  const timespec limit{time_limit.count(), 0};
  int second = 0;
  do {
    second = sigtimedwait(&signals, nullptr, &limit);
  } while (second < 0 && errno == EINTR);
  if (second > 0) {
    ExitNow("A second signal came: leaving at once.\n", 128 + second);
  }
  ExitNow("The shutdown took too long: leaving now. What was acknowledged is on disk.\n", 1);
}

}  // namespace

ShutdownSignals::ShutdownSignals(std::chrono::seconds time_limit) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  int ends[2];
  CHECK(pipe(ends) == 0);
  pipe_read_ = ends[0];
  std::thread(Watch, signals, ends[1], time_limit).detach();
}

void ShutdownSignals::Wait() {
  char byte = 0;
  while (read(pipe_read_, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace itemized::server
