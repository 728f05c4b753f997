// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <sys/types.h>

namespace itemized::bench {

// A server of our own on free ports and a fresh store, stopped and removed
// with this object.
class ServerProcess {
 public:
  // Waits until it serves. `work_dir` is where the store's directory is made.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::string& program,
                                                              const std::string& work_dir);
  ~ServerProcess();

  const std::string& grpc_address() const { return grpc_address_; }

  // Waits, at most half a minute, until the server has used hardly any CPU for a while: what
  // ingestion left to do in the background is then done.
  void AwaitRest() const;

  // Kills the server and starts it again on its store; returns the seconds until it serves again.
  absl::StatusOr<double> KillAndStart();

  // Sends SIGTERM and waits. Errors: INTERNAL if it does not exit with 0.
  absl::Status Stop();

  double DiskBytes() const;   // What the store takes up.
  double RssMib() const;      // Resident memory now.
  double PeakRssMib() const;  // Resident memory at most so far.
  double CpuSeconds() const;  // User and system time together.

 private:
  ServerProcess() = default;
  absl::Status Launch();
  absl::Status WaitUntilServing();
  double StatusMib(const std::string& field) const;

  std::string program_;
  std::string directory_;
  std::string grpc_address_;
  pid_t pid_ = -1;
};

}  // namespace itemized::bench
