// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/spool_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include <sys/file.h>

#include "storage/base/mutex.h"

namespace itemized::client {

namespace {

// The locks of this process: a child of fork() would otherwise keep them for as
// long as it lives.
struct Locks {
  std::mutex mutex;
  std::set<int> fds;
};

Locks& AllLocks() {
  static Locks& locks = *new Locks;
  [[maybe_unused]] static const int registered =
      pthread_atfork([] { locks.mutex.lock(); }, [] { locks.mutex.unlock(); },
                     [] {
                       for (const int fd : locks.fds) {
                         close(fd);
                       }
                       locks.fds.clear();
                       locks.mutex.unlock();
                     });
  return locks;
}

}  // namespace

absl::StatusOr<SpoolLock> SpoolLock::Take(const std::string& directory) {
  const std::string path = directory + "/lock";
  Locks& locks = AllLocks();
  const std::lock_guard<std::mutex> hold(locks.mutex);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("Cannot open ", path, ": ", std::strerror(errno), "."));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    const std::string reason = std::strerror(errno);
    close(fd);
    return taken ? absl::FailedPreconditionError(absl::StrCat(
                       "The spool ", directory,
                       " is in use by another tracer; give each one a directory of its own."))
                 : absl::UnavailableError(absl::StrCat("Cannot lock ", path, ": ", reason, "."));
  }
  locks.fds.insert(fd);
  return SpoolLock(fd);
}

SpoolLock::~SpoolLock() {
  if (fd_ < 0) {
    return;
  }
  Locks& locks = AllLocks();
  const std::lock_guard<std::mutex> hold(locks.mutex);
  if (locks.fds.erase(fd_) > 0) {  // Else it was closed by a fork.
    close(fd_);
  }
}

}  // namespace itemized::client
