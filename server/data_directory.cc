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

#include "storage/base/status_macros.h"
#include "storage/engine/database.h"

namespace itemized::server {

absl::Status PrepareDataDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("the data directory ", directory, " cannot be created: ", error.message()));
  }
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    return absl::UnavailableError(
        absl::StrCat("the data directory ", directory, " cannot be written: ", strerror(errno)));
  }
  return absl::OkStatus();
}

absl::StatusOr<VerifyReport> VerifyDirectory(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory + "/CURRENT", error)) {
    return absl::NotFoundError(absl::StrCat(directory, " holds no database; check --data-dir"));
  }
  DatabaseOptions options;
  options.directory = directory;
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(std::move(options)));
  return database->Verify();
}

}  // namespace itemized::server
