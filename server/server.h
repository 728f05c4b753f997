// SPDX-License-Identifier: Apache-2.0
#pragma once

// This folder puts the protocols and the database together: Server is the whole of it in one
// object, as `itemized` and the tests run it. It may use everything in server/ and storage/.
//
//   ASSIGN_OR_RETURN(auto server, Server::Start({.data_dir = "data"}));
//   ... clients talk to server->grpc_address() ...
//   RETURN_IF_ERROR(server->Drain());

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/api/ingest_queue.h"
#include "server/budgets/budgets.h"
#include "server/grpc/ingest_stream.h"
#include "server/memory_limit.h"
#include "server/otlp/span_mapping.h"
#include "storage/base/time.h"
#include "storage/database/database.h"

namespace grpc {
class Channel;
}

namespace itemized::server {

// Returns the version, such as "0.1.0".
const char* Version();

struct ServerOptions {
  std::string data_dir = "./itemized-data";
  // Both are HOST:PORT; port 0 stands for any free one. There is no HTTP if its address is "", and
  // nothing but InProcessChannel if both are.
  std::string grpc_address = "127.0.0.1:4317";
  std::string http_address = "127.0.0.1:4318";
  // HTTP clients may address the server by these names, beside IP addresses and localhost.
  std::vector<std::string> http_hosts;
  const Clock* clock = Clock::System();           // It is not owned.
  std::chrono::milliseconds drain_timeout{8000};  // Streams that are open then are cut off.
  // DatabaseOptions says what these mean.
  int64_t retain_events_us = 0;
  int64_t retain_rollups_us = 0;
  bool accept_clock = false;
  std::vector<std::string> trusted_cost_providers;
  bool accept_missing_mark = false;  // OpenRocksKv says what it means.
  int64_t free_bytes_min = DatabaseOptions().free_bytes_min;
  // The most bytes that messages read, answers not sent yet and questions at work may take, of
  // all clients together. Beyond it they are refused with RESOURCE_EXHAUSTED, or held back.
  int64_t memory_limit = DefaultMemoryLimit();
  // Clients may have backups made below this directory, which is created if missing; they may
  // not if it is "".
  std::string backup_dir;
  size_t connections_max = 1'024;  // HTTP has its own limit.
  size_t query_threads = 4;
  size_t queries_waiting_max = 256;
  // A question takes no longer, whatever its caller's deadline. A ranking by attribute over
  // a hundred million calls takes about ten seconds on two cores that do nothing else.
  std::chrono::seconds question_time_max{60};
  // The rates that come with the program (Database::SetBundledRates).
  std::vector<Rate> bundled_rates;
  SpanMapping span_mapping;
  BudgetOptions budgets;
  IngestRoom ingest_room;  // Its bytes are less if the memory limit is small.
  IngestLimits ingest;
};

// Thread-safe.
class Server {
 public:
  // Opens the database and serves. Errors, each with a sentence that says what
  // to mend: INVALID_ARGUMENT for an address that is none, UNAVAILABLE if an
  // address is taken or the directory cannot be written, and those of
  // Database::Open.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);

  virtual ~Server() = default;  // It drains, if that was not done.

  // Both are HOST:PORT with the port that was bound, or "" if it is off.
  virtual const std::string& grpc_address() const = 0;
  virtual const std::string& http_address() const = 0;

  // Returns a channel to the server that takes no socket. It must not be used once the server is
  // gone.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel() = 0;

  // Says NOT_SERVING, reads nothing more, stores and acknowledges what was
  // read, ends all calls, closes the database. Returns what went wrong with
  // the last checkpoint, if anything did: the log is safe even then. Only the first call does
  // anything.
  virtual absl::Status Drain() = 0;
};

}  // namespace itemized::server
