// SPDX-License-Identifier: Apache-2.0
// This is the daemon. server.h says what it does, flags.h what its command line may have.

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>

#include "proto/bundled_rates.h"
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "server/bundled_rates.h"
#include "server/data_directory.h"
#include "server/flags.h"
#include "server/server.h"
#include "server/signals.h"

// jemalloc reads this, where it is linked: what a burst of clients took goes back to the system
// by itself, also when nothing is allocated any more.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true,dirty_decay_ms:5000";
}

namespace itemized::server {
namespace {

constexpr std::chrono::seconds kShutdownLimit{20};

// The libraries report what we report as well, in their own words.
void LogFromGrpc(gpr_log_func_args* args) {
  spdlog::debug("gRPC: {}", args->message);
}

void LogFromProtobuf(google::protobuf::LogLevel /*level*/, const char* /*file*/, int /*line*/,
                     const std::string& message) {
  spdlog::debug("protobuf: {}", message);
}

void SetUpLogging(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("itemized"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
  spdlog::set_level(spdlog::level::from_str(level));
  gpr_set_log_function(LogFromGrpc);
  google::protobuf::SetLogHandler(LogFromProtobuf);
}

// Every connection and every table of the store takes a descriptor.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Prints one line, for people and for scripts that look for the ports.
void Announce(const Server& server, const std::string& data_dir) {
  const std::string http = server.http_address().empty() ? "off" : server.http_address();
  std::printf("itemized %s serving: grpc %s, http %s, data %s\n", Version(),
              server.grpc_address().c_str(), http.c_str(), data_dir.c_str());
  std::fflush(stdout);
}

int Verify(const std::string& data_dir) {
  const absl::StatusOr<VerifyReport> report = VerifyDirectory(data_dir);
  if (!report.ok()) {
    spdlog::error("{}", std::string(report.status().message()));
    return 1;
  }
  std::printf("%s: read %lld blocks with %lld calls and %lld completions, compared %lld rows: ",
              data_dir.c_str(), static_cast<long long>(report->blocks),
              static_cast<long long>(report->calls), static_cast<long long>(report->completions),
              static_cast<long long>(report->rows));
  std::printf(report->differences == 0 ? "no difference\n" : "%lld differences\n",
              static_cast<long long>(report->differences));
  for (const std::string& example : report->examples) {
    std::printf("- %s\n", example.c_str());
  }
  return report->differences == 0 ? 0 : 1;
}

int Run(const Flags& flags) {
  ShutdownSignals signals(kShutdownLimit);
  signal(SIGPIPE, SIG_IGN);
  umask(S_IRWXG | S_IRWXO);  // A bill is nobody else's: files 0600, directories 0700.
  RaiseDescriptorLimit();
  SetUpLogging(flags.log_level);
  if (flags.verify) {
    return Verify(flags.server.data_dir);
  }
  ServerOptions options = flags.server;
  if (flags.bundled_rates) {
    options.bundled_rates = ReadRates(kBundledRates);
  }
  auto server = Server::Start(std::move(options));
  if (!server.ok()) {
    spdlog::error("{}", std::string(server.status().message()));
    return 1;
  }
  Announce(**server, flags.server.data_dir);
  signals.Wait();
  spdlog::info("Shutting down: storing what was received.");
  const absl::Status drained = (*server)->Drain();
  if (!drained.ok()) {
    spdlog::error("The last checkpoint failed; the next start replays the log instead: {}",
                  std::string(drained.message()));
    return 1;
  }
  spdlog::info("Stopped.");
  return 0;
}

}  // namespace
}  // namespace itemized::server

int main(int argc, char** argv) {
  auto flags = itemized::server::ParseFlags(argc, argv);
  if (const int* exit_status = std::get_if<int>(&flags)) {
    return *exit_status;
  }
  return itemized::server::Run(std::get<itemized::server::Flags>(flags));
}
