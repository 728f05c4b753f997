// SPDX-License-Identifier: Apache-2.0
#include "client/cli/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "xxhash.h"
#include <sys/stat.h>

#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr int kPollMs = 100;

std::string ErrnoText() {
  return std::generic_category().message(errno);
}

absl::Status CannotRead(const std::string& path) {
  return absl::UnavailableError(absl::StrCat("Cannot read \"", path, "\": ", ErrnoText(), "."));
}

bool IsCompressed(int fd) {
  unsigned char magic[4] = {};
  if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic)) {
    return false;
  }
  const bool gzip = magic[0] == 0x1F && magic[1] == 0x8B;
  const bool zstd = magic[0] == 0x28 && magic[1] == 0xB5 && magic[2] == 0x2F && magic[3] == 0xFD;
  return gzip || zstd;
}

// Feeds what is left of `fd` to `take`, which may fail.
absl::Status ReadAll(const std::string& path, int fd, const std::atomic<bool>& interrupted,
                     const std::function<absl::Status(absl::string_view)>& take) {
  std::vector<char> buffer(kReadBytes);
  while (!interrupted) {
    // A read of a pipe would not notice an interruption.
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, kPollMs) == 0) {
      continue;
    }
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got == 0) {
      return absl::OkStatus();
    }
    if (got < 0 && errno != EINTR) {
      return CannotRead(path);
    }
    if (got > 0) {
      RETURN_IF_ERROR(take(absl::string_view(buffer.data(), static_cast<size_t>(got))));
    }
  }
  return absl::CancelledError("Interrupted.");
}

absl::Status WriteAll(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno != EINTR) {
      return absl::UnavailableError(
          absl::StrCat("Cannot write a temporary copy of the input: ", ErrnoText(),
                       ". Make room, or set TMPDIR to a directory that has it."));
    }
    data.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDescriptor> NamelessFile() {
  const char* directory = std::getenv("TMPDIR");
  std::string path = absl::StrCat(directory == nullptr || *directory == '\0' ? "/tmp" : directory,
                                  "/itemize-XXXXXX");
  FileDescriptor fd(mkostemp(path.data(), O_CLOEXEC));
  if (fd.get() < 0) {
    return absl::UnavailableError(absl::StrCat("Cannot create the temporary file \"", path,
                                               "\": ", ErrnoText(),
                                               ". Set TMPDIR to a directory that can be written."));
  }
  unlink(path.c_str());
  return fd;
}

absl::StatusOr<FileDescriptor> Spool(const std::string& path, int fd,
                                     const std::atomic<bool>& interrupted) {
  ASSIGN_OR_RETURN(FileDescriptor copy, NamelessFile());
  RETURN_IF_ERROR(ReadAll(path, fd, interrupted,
                          [&copy](absl::string_view data) { return WriteAll(copy.get(), data); }));
  return copy;
}

// Sets the size and hash of `file`, and its position to the start.
absl::Status HashContent(const std::string& path, const std::atomic<bool>& interrupted,
                         InputFile& file) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  CHECK(state != nullptr);
  XXH3_128bits_reset(state.get());
  CHECK(lseek(file.fd.get(), 0, SEEK_SET) == 0);
  RETURN_IF_ERROR(ReadAll(path, file.fd.get(), interrupted, [&](absl::string_view data) {
    XXH3_128bits_update(state.get(), data.data(), data.size());
    file.bytes += data.size();
    return absl::OkStatus();
  }));
  CHECK(lseek(file.fd.get(), 0, SEEK_SET) == 0);
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  file.content_hash = absl::StrFormat("%016x%016x", hash.high64, hash.low64);
  return absl::OkStatus();
}

// Waits until somebody writes to `fd`, if it is a pipe, for at most as long as a command waits for
// a server; what it reads meanwhile goes to `content`. INVALID_ARGUMENT if nobody does.
absl::Status WaitForWriter(const std::string& path, int fd, const Environment& env,
                           std::string* content) {
  struct stat info = {};
  if (fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode)) {
    return absl::OkStatus();
  }
  absl::Duration waited;
  while (!*env.interrupted) {
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    char byte = 0;
    if (poll(&readable, 1, waited < env.patience ? kPollMs : 0) != 0) {
      return absl::OkStatus();
    }
    const ssize_t got = read(fd, &byte, 1);  // It returns 0 only while there is no writer.
    if (got == 1) {
      content->push_back(byte);
      return absl::OkStatus();
    }
    if (got == 0 && waited >= env.patience) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", path, "\" is a pipe that nobody writes to; start its writer, or name a file."));
    }
    waited += absl::Milliseconds(got == 0 ? kPollMs : 0);
  }
  return absl::CancelledError("Interrupted.");
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

absl::StatusOr<uint64_t> CheckInput(const std::string& path) {
  if (path == "-") {
    return 0;
  }
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("Cannot read \"", path, "\": ", ErrnoText(), ". Check the path."));
  }
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", path, "\" is a directory: name the files in it."));
  }
  if (!S_ISREG(info.st_mode)) {
    return 0;  // Opening a pipe twice could lose what is in it.
  }
  const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("Cannot read \"", path, "\": ", ErrnoText(), "."));
  }
  if (IsCompressed(fd.get())) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", path, "\" is compressed: unpack it on the way, as `zcat ", path,
                     " | itemize import -` does for gzip."));
  }
  return static_cast<uint64_t>(info.st_size);
}

absl::StatusOr<InputFile> OpenInput(const std::string& path, int stdin_fd,
                                    const std::atomic<bool>& interrupted) {
  InputFile file;
  if (path == "-") {
    ASSIGN_OR_RETURN(file.fd, Spool("standard input", stdin_fd, interrupted));
  } else {
    file.fd = FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd.get() < 0) {
      return CannotRead(path);
    }
    if (lseek(file.fd.get(), 0, SEEK_CUR) < 0) {
      ASSIGN_OR_RETURN(file.fd, Spool(path, file.fd.get(), interrupted));
    }
  }
  RETURN_IF_ERROR(HashContent(path, interrupted, file));
  return file;
}

absl::StatusOr<std::string> ReadInput(const std::string& path, const Environment& env) {
  std::string content;
  FileDescriptor opened;
  if (path != "-") {
    // Opening a pipe waits for its writer, and for ever, unless it is told not to block.
    opened = FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (opened.get() < 0) {
      return CannotRead(path);
    }
    RETURN_IF_ERROR(WaitForWriter(path, opened.get(), env, &content));
    fcntl(opened.get(), F_SETFL, O_RDONLY);
  }
  const int fd = path == "-" ? env.stdin_fd : opened.get();
  RETURN_IF_ERROR(ReadAll(path, fd, *env.interrupted, [&](absl::string_view data) {
    content.append(data.data(), data.size());
    return content.size() <= kInputBytesMax
               ? absl::OkStatus()
               : absl::InvalidArgumentError(absl::StrCat("\"", path,
                                                         "\" is too large; give a file of at most ",
                                                         kInputBytesMax >> 20, " MiB."));
  }));
  return content;
}

}  // namespace itemized::cli
