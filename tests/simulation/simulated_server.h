// SPDX-License-Identifier: Apache-2.0
#pragma once

// The database and its side of the Ingest protocol, without sockets: it can lose
// power, run out of disk, come back from an older copy, and be at fault.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "itemized/v1/ingest.pb.h"

#include "server/convert/batch_decoder.h"
#include "storage/database/database.h"
#include "tests/crash/faulty_file_system.h"
#include "tests/simulation/world.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/log/faulty_log.h"

namespace itemized::testing {

// A stream as the server sees it.
struct ServerStream {
  std::function<void(const itemized::v1::IngestResponse&)> answer;
  std::function<void(const absl::Status&)> end;
  uint64_t life = 0;  // Which life of the server it leads to.
  bool ended = false;
  std::optional<BatchPosition> position;  // The place of a producer that was welcomed.
  std::shared_ptr<const void> lease;      // It keeps the session of that producer.
};

class SimulatedServer {
 public:
  explicit SimulatedServer(World& world);

  bool is_up() const { return db_ != nullptr; }
  uint64_t life() const { return life_; }
  // Stores one batch in `n` without its place in the sequence, as no server should; none if 0.
  void ForgetOnceIn(uint64_t n) { forget_once_in_ = n; }

  void Receive(ServerStream& stream, const std::string& message);

  // Cuts the power: what was not synced is lost.
  void Crash();
  void Start();
  // Copy keeps a copy of the store, Restore puts it in the store's place, if there is one. The
  // server must be down.
  void Copy();
  bool Restore();
  void SetDiskFull(bool full);
  // Makes the next append to the log go wrong. Those after it go well, unless
  // it was kFenced: then none does until the server has been started again.
  void FailNextAppend(LogFault fault) { log_fault_ = fault; }

  Database& db() { return *db_; }

 private:
  DatabaseOptions Options();
  void Greet(ServerStream& stream, const ProducerHello& hello);
  void Store(ServerStream& stream, const server::DecodedIngestRequest& request);
  void End(ServerStream& stream, const absl::Status& status);

  World& world_;
  const TemporaryDirectory directory_;
  ManualClock clock_;
  std::shared_ptr<FaultyFileSystem> files_;
  LogFault log_fault_ = LogFault::kNone;
  const LogFaults log_faults_{
      .next = [this](const Entry&) { return std::exchange(log_fault_, LogFault::kNone); }};
  uint64_t life_ = 0;
  uint64_t forget_once_in_ = 0;
  std::unique_ptr<Database>
      db_;  // Null while it is down. It stands last, because it uses the faults.
};

}  // namespace itemized::testing
