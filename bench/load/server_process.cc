// SPDX-License-Identifier: Apache-2.0
#include "bench/load/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <sys/stat.h>
#include <sys/wait.h>

namespace itemized::bench {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The gRPC address in "itemized 0.1.0 serving: grpc HOST:PORT, http ...".
std::string AddressIn(const std::string& log) {
  static constexpr absl::string_view kMark = "serving: grpc ";
  const size_t start = log.find(kMark.data(), 0, kMark.size());
  if (start == std::string::npos) {
    return "";
  }
  const size_t end = log.find(',', start);
  return end == std::string::npos ? ""
                                  : log.substr(start + kMark.size(), end - start - kMark.size());
}

// Runs in the child, and so makes only calls that are safe after fork.
[[noreturn]] void Become(const std::vector<std::string>& command, const char* log) {
  const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::string& program,
                                                                    const std::string& work_dir) {
  std::string directory = absl::StrCat(work_dir, "/itemized-bench-XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("Cannot make a directory in ", work_dir, ": ", std::strerror(errno)));
  }
  std::unique_ptr<ServerProcess> server(new ServerProcess);
  server->program_ = program;
  server->directory_ = directory;
  const absl::Status serving = server->Launch();
  if (!serving.ok()) {
    return serving;
  }
  return server;
}

absl::Status ServerProcess::Launch() {
  const std::vector<std::string> command = {
      program_,         "--data-dir",  absl::StrCat(directory_, "/data"),
      "--grpc-address", "127.0.0.1:0", "--http-address",
      "127.0.0.1:0"};
  const std::string log = absl::StrCat(directory_, "/log");
  std::error_code ignored;  // There may be none.
  fs::remove(log, ignored);
  pid_ = fork();
  if (pid_ == 0) {
    Become(command, log.c_str());
  }
  return WaitUntilServing();
}

absl::StatusOr<double> ServerProcess::KillAndStart() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  const absl::Time start = absl::Now();
  const absl::Status serving = Launch();
  if (!serving.ok()) {
    return serving;
  }
  return absl::ToDoubleSeconds(absl::Now() - start);
}

void ServerProcess::AwaitRest() const {
  constexpr int kChecks = 60;
  constexpr int kQuietChecks = 3;
  constexpr double kQuietShare = 0.05;  // A share of one processor.
  const absl::Duration interval = absl::Milliseconds(500);
  double before = CpuSeconds();
  for (int check = 0, quiet = 0; check < kChecks && quiet < kQuietChecks; ++check) {
    absl::SleepFor(interval);
    const double now = CpuSeconds();
    quiet = now - before < kQuietShare * absl::ToDoubleSeconds(interval) ? quiet + 1 : 0;
    before = now;
  }
}

absl::Status ServerProcess::WaitUntilServing() {
  const std::string log = absl::StrCat(directory_, "/log");
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (absl::Now() < deadline) {
    grpc_address_ = AddressIn(ReadAll(log));
    if (!grpc_address_.empty()) {
      return absl::OkStatus();
    }
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return absl::UnavailableError(absl::StrCat("The server did not start: ", ReadAll(log)));
    }
    absl::SleepFor(absl::Milliseconds(5));
  }
  return absl::UnavailableError(absl::StrCat("The server does not serve: ", ReadAll(log)));
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;  // A left-over directory is harmless.
  fs::remove_all(directory_, ignored);
}

absl::Status ServerProcess::Stop() {
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat("The server ended badly: ", ReadAll(absl::StrCat(directory_, "/log"))));
}

double ServerProcess::DiskBytes() const {
  double bytes = 0;
  std::error_code ignored;  // Files may vanish under our feet.
  for (const auto& entry :
       fs::recursive_directory_iterator(absl::StrCat(directory_, "/data"), ignored)) {
    struct stat about {};
    if (stat(entry.path().c_str(), &about) == 0 && S_ISREG(about.st_mode)) {
      bytes += static_cast<double>(about.st_blocks) * 512;
    }
  }
  return bytes;
}

double ServerProcess::StatusMib(const std::string& field) const {
  for (const absl::string_view line :
       absl::StrSplit(ReadAll(absl::StrCat("/proc/", pid_, "/status")), '\n')) {
    double kib = 0;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() >= 2 && words[0] == field && absl::SimpleAtod(words[1], &kib)) {
      return kib / 1024;
    }
  }
  return 0;
}

double ServerProcess::RssMib() const {
  return StatusMib("VmRSS:");
}
double ServerProcess::PeakRssMib() const {
  return StatusMib("VmHWM:");
}

double ServerProcess::CpuSeconds() const {
  const std::string stat = ReadAll(absl::StrCat("/proc/", pid_, "/stat"));
  const std::vector<std::string> words = absl::StrSplit(stat.substr(stat.rfind(')') + 1), ' ');
  double user = 0;
  double system = 0;
  // Fields 14 and 15 of the line; the first two are cut off with a blank before the third.
  if (words.size() < 14 || !absl::SimpleAtod(words[12], &user) ||
      !absl::SimpleAtod(words[13], &system)) {
    return 0;
  }
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace itemized::bench
