#include "server/data_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

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

}  // namespace itemized::server
