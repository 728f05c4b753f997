// SPDX-License-Identifier: Apache-2.0
#include "client/local/local_server.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/bundled_rates.h"
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "server/bundled_rates.h"
#include "server/server.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

namespace fs = std::filesystem;

constexpr char kAddress[] = "this process";

void LogErrorsOnly() {
  static std::once_flag once;
  std::call_once(once, [] {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("itemize"));
    spdlog::set_pattern("itemize: %v");
    spdlog::set_level(spdlog::level::err);
  });
}

// A directory that goes away with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() = default;
  ~TemporaryDirectory() {
    std::error_code ignored;  // There is nobody left to mend it.
    if (!path_.empty()) {
      fs::remove_all(path_, ignored);
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  absl::Status Make() {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "itemize-XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return absl::UnavailableError(
          absl::StrCat("No temporary directory can be made (",
                       error ? error.message() : std::string(strerror(errno)),
                       "); name a place for it with the variable TMPDIR."));
    }
    path_ = std::move(path);
    return absl::OkStatus();
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class LocalServerImpl final : public LocalServer {
 public:
  absl::Status Open(const Clock* clock) {
    RETURN_IF_ERROR(directory_.Make());
    server::ServerOptions options;
    options.data_dir = directory_.path();
    options.grpc_address = "";
    options.http_address = "";
    options.clock = clock;
    options.bundled_rates = server::ReadRates(kBundledRates);
    ASSIGN_OR_RETURN(server_, server::Server::Start(std::move(options)));
    connection_ = Connection::Over(server_->InProcessChannel(), kAddress);
    return absl::OkStatus();
  }

  const std::shared_ptr<Connection>& connection() const override { return connection_; }

 private:
  // The server is gone before its directory, and the connection before the server.
  TemporaryDirectory directory_;
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(const Clock* clock) {
  LogErrorsOnly();
  auto server = std::make_unique<LocalServerImpl>();
  RETURN_IF_ERROR(server->Open(clock));
  return std::unique_ptr<LocalServer>(std::move(server));
}

}  // namespace itemized::client
