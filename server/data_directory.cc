// SPDX-License-Identifier: Apache-2.0
#include "server/data_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include <spdlog/spdlog.h>

#include "storage/base/status_macros.h"
#include "storage/database/database.h"

namespace itemized::server {

namespace {

namespace fs = std::filesystem;

constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;

// Takes the rights of all others from what was made before, by an earlier version or by hand.
void MakePrivate(const std::string& directory) {
  std::error_code error;
  const fs::perms found = fs::status(directory, error).permissions();
  if (error || (found & kOthers) == fs::perms::none) {
    return;
  }
  fs::permissions(directory, kOthers, fs::perm_options::remove, error);
  if (error) {
    spdlog::warn("WARNING: other users of this machine may read the bill in {}: {}", directory,
                 error.message());
    return;
  }
  spdlog::info("The data directory {} is now for this user alone.", directory);
}

}  // namespace

absl::Status PrepareDataDirectory(const std::string& directory) {
  std::error_code error;
  const bool is_new = fs::create_directories(directory, error);
  if (!error && is_new) {
    fs::permissions(directory, fs::perms::owner_all, error);
  } else if (!error) {
    MakePrivate(directory);
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat("The data directory ", directory,
                                               " cannot be created: ", error.message(),
                                               "; make it, or name another one with --data-dir."));
  }
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return absl::UnavailableError(
        absl::StrCat("The data directory ", directory, " cannot be written: ", strerror(errno),
                     "; let the user of the server write there, or name another one with "
                     "--data-dir."));
  }
  return absl::OkStatus();
}

absl::StatusOr<VerifyReport> VerifyDirectory(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory + "/CURRENT", error)) {
    return absl::NotFoundError(
        absl::StrCat("The directory ", directory, " holds no database; check --data-dir."));
  }
  DatabaseOptions options;
  options.directory = directory;
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(std::move(options)));
  return database->Verify();
}

}  // namespace itemized::server
