// SPDX-License-Identifier: Apache-2.0
#include "server/api/backup_directory.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "storage/base/quoted.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace fs = std::filesystem;

bool LiesIn(const fs::path& path, const fs::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first ==
         directory.end();
}

bool IsPlainName(absl::string_view name) {
  const auto is_plain = [](const fs::path& part) {
    return !part.empty() && part != "." && part != ".." && part != "/";
  };
  const fs::path path{std::string(name)};
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::none_of(name.begin(), name.end(), is_control) &&
         std::all_of(path.begin(), path.end(), is_plain);
}

}  // namespace

absl::Status PrepareBackupDirectory(const std::string& root, const std::string& data_dir) {
  std::error_code error;
  if (LiesIn(fs::weakly_canonical(root, error), fs::weakly_canonical(data_dir, error))) {
    return absl::InvalidArgumentError(absl::StrCat("The backup directory ", root,
                                                   " lies in the data directory ", data_dir,
                                                   "; name one beside it with --backup-dir."));
  }
  const bool is_new = fs::create_directories(root, error);
  if (!error && is_new) {
    fs::permissions(root, fs::perms::owner_all, error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("The backup directory ", root, " cannot be created: ", error.message(),
                     "; make it, or name another one with --backup-dir."));
  }
  if (access(root.c_str(), W_OK | X_OK) != 0) {
    return absl::UnavailableError(
        absl::StrCat("The backup directory ", root, " cannot be written: ", strerror(errno),
                     "; let the user of the server write there, or name another one with "
                     "--backup-dir."));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PathOfBackup(const std::string& root, absl::string_view name) {
  if (root.empty()) {
    return absl::FailedPreconditionError(
        "This server makes no backups, since it was not told where; start it with --backup-dir "
        "DIR, below which they may be made.");
  }
  if (!IsPlainName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(name),
                     " is no name for a backup: give one below the server's --backup-dir, as "
                     "monday, without .. and without a slash at its beginning."));
  }
  std::error_code error;
  const fs::path base = fs::canonical(root, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("The backup directory ", root, " cannot be read: ", error.message(), "."));
  }
  const fs::path path = base / std::string(name);
  const fs::path parent = fs::canonical(path.parent_path(), error);
  if (error || parent != path.parent_path()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(name),
                     " is no place for a backup: what is before its last part has to "
                     "be a directory below the server's --backup-dir, and no link."));
  }
  return path.string();
}

}  // namespace itemized::server
