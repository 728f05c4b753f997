// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"

namespace itemized {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(absl::string_view what, const std::string& path, absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("The backup failed: ", path, " cannot be ", what, ": ",
                                             why, ". Nothing was left behind; try again."));
}

absl::Status Sync(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Failed("opened", path, std::strerror(errno));
  }
  const int result = fsync(fd);
  const std::string why = std::strerror(errno);
  close(fd);
  return result == 0 ? absl::OkStatus() : Failed("synced", path, why);
}

// Lets nobody else read the backup, nor its tables, which may be linked from an earlier version's
// store with more rights.
absl::Status MakePrivate(const std::string& path, fs::perms permissions) {
  std::error_code error;
  fs::permissions(path, permissions, error);
  return error ? Failed("made private", path, error.message()) : absl::OkStatus();
}

// Syncs the files and their directory; returns the bytes of the files.
absl::StatusOr<int64_t> SyncAll(const std::string& directory) {
  int64_t bytes = 0;
  std::error_code error;
  fs::directory_iterator file(directory, error);
  for (; !error && file != fs::directory_iterator(); file.increment(error)) {
    RETURN_IF_ERROR(
        MakePrivate(file->path().string(), fs::perms::owner_read | fs::perms::owner_write));
    RETURN_IF_ERROR(Sync(file->path().string()));
    bytes += static_cast<int64_t>(file->file_size(error));
  }
  if (error) {
    return Failed("read", directory, error.message());
  }
  RETURN_IF_ERROR(MakePrivate(directory, fs::perms::owner_all));
  RETURN_IF_ERROR(Sync(directory));
  return bytes;
}

absl::Status Compare(const std::string& partial, const BackupContents& expected) {
  DatabaseOptions options;
  options.directory = partial;
  ASSIGN_OR_RETURN(std::unique_ptr<Kv> kv, options.open_kv(partial));
  ASSIGN_OR_RETURN(const std::unique_ptr<State> copy, State::Open(std::move(kv), options));
  RETURN_IF_ERROR(copy->kv->VerifyChecksums());
  const BackupContents found = ContentsOf(*copy);
  if (found != expected) {
    return absl::DataLossError(absl::StrCat(
        "The backup failed: the copy holds ", found.calls, " calls up to block ", found.last_block,
        " instead of ", expected.calls, " up to block ", expected.last_block,
        ", or another sum. Nothing was left behind; verify the store."));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Finish(const std::string& partial, const std::string& directory,
                               const BackupContents& expected) {
  RETURN_IF_ERROR(Compare(partial, expected));
  ASSIGN_OR_RETURN(const int64_t bytes, SyncAll(partial));
  std::error_code error;
  fs::rename(partial, directory, error);
  if (error) {
    return Failed("renamed", partial, error.message());
  }
  RETURN_IF_ERROR(Sync(fs::path(directory).parent_path().string()));
  return bytes;
}

}  // namespace

BackupContents ContentsOf(const State& state) {
  const CallSums& total = state.views.rollups().total();
  return {.calls = total.calls,
          .runs = state.views.runs().outcomes().runs(),
          .cost = total.cost,
          .last_block = state.views.folded().block};
}

absl::Status CheckBackupDirectory(const std::string& directory) {
  const fs::path path(directory);
  std::error_code error;
  if (!path.is_absolute() || !path.has_filename()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The directory \"", directory,
                     "\" is no place for a backup; give an absolute path, as /backups/monday."));
  }
  const auto is_there = [&error](const fs::path& name) {  // Links that lead nowhere too.
    return fs::exists(fs::symlink_status(name, error));
  };
  if (is_there(path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The directory ", directory, " exists already; name one that does not."));
  }
  if (is_there(directory + kPartialSuffix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The directory ", directory, kPartialSuffix,
                     " was left by a backup that was interrupted; remove it, or name another "
                     "directory."));
  }
  if (!fs::is_directory(path.parent_path(), error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The path ", path.parent_path().string(),
                     " is no directory on the server's machine; make it, or name another one."));
  }
  return absl::OkStatus();
}

absl::StatusOr<BackupReport> FinishBackup(const std::string& partial, const std::string& directory,
                                          const BackupContents& expected) {
  const absl::StatusOr<int64_t> bytes = Finish(partial, directory, expected);
  if (!bytes.ok()) {
    std::error_code ignored;  // The first error is the one to tell.
    fs::remove_all(partial, ignored);
    return bytes.status();
  }
  return BackupReport{.calls = expected.calls, .cost = expected.cost, .bytes = *bytes};
}

}  // namespace itemized
