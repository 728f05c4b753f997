// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include <sys/stat.h>

namespace itemized::client {

absl::Status ErrnoStatus(const char* what, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("Cannot ", what, " ", path, ": ", std::strerror(errno), "."));
}

std::string FreeName(const std::string& path) {
  std::string name = path;
  struct stat info {};
  for (int next = 2; lstat(name.c_str(), &info) == 0; ++next) {
    name = absl::StrCat(path, ".", next);
  }
  return name;
}

absl::Status SyncDirectory(const std::string& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return ErrnoStatus("open", directory);
  }
  const bool synced = fsync(fd) == 0;
  const absl::Status status = synced ? absl::OkStatus() : ErrnoStatus("sync", directory);
  close(fd);
  return status;
}

}  // namespace itemized::client
