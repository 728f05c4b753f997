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
#include <sys/stat.h>

#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"

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

// A regular file that is here: not one that a link would have made elsewhere.
absl::StatusOr<int> OpenLock(const std::string& path) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const int fd = open(path.c_str(), kFlags, 0600);
  const int error = fd < 0 ? errno : 0;
  struct stat info {};
  if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    return fd;
  }
  if (fd >= 0) {
    close(fd);
  }
  if (error == 0 || error == ELOOP || error == EISDIR || error == ENXIO) {
    return absl::FailedPreconditionError(absl::StrCat(
        "The file ", path, " is no regular file, so the spool cannot be locked; move it away."));
  }
  return absl::UnavailableError(
      absl::StrCat("Cannot open ", path, ": ", std::strerror(error), "."));
}

}  // namespace

absl::StatusOr<SpoolLock> SpoolLock::Take(const std::string& directory) {
  const std::string path = directory + "/lock";
  Locks& locks = AllLocks();
  const std::lock_guard<std::mutex> hold(locks.mutex);
  ASSIGN_OR_RETURN(const int fd, OpenLock(path));
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
  if (locks.fds.erase(fd_) > 0) {  // A fork may have closed it.
    close(fd_);
  }
}

}  // namespace itemized::client
