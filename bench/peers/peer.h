// SPDX-License-Identifier: Apache-2.0
#pragma once

// Databases that users might pick instead, fed with the same calls. Each is used as
// its documentation advises for this job, and makes every commit durable.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "bench/load/questions.h"

namespace itemized::bench {

// A call with its price, as a row of a table.
struct PeerRow {
  std::string event_id;
  int64_t time_us = 0;
  std::string workflow_id;
  std::string workflow;
  std::string step;
  std::string provider;
  std::string model;
  std::string tenant;  // "" if it names none.
  int64_t input = 0;
  int64_t cache_read = 0;
  int64_t output = 0;
  int64_t duration_us = 0;
  int64_t cost_picos = 0;
};

struct PeerTotal {
  std::string key;
  std::string calls;  // The number as the database prints it.
  std::string cost_picos;
};

// Not thread-safe. Errors are UNAVAILABLE with the words of the database.
class Peer {
 public:
  virtual ~Peer() = default;

  // Makes the tables in `directory`, which is empty.
  virtual absl::Status Open(const std::string& directory) = 0;

  // Gets `rows` ready to be handed over, which is not timed.
  virtual absl::Status Prepare(absl::Span<const PeerRow> rows) = 0;
  // Returns when what was prepared is on disk.
  virtual absl::Status Insert() = 0;

  // Which of kQuestions it is asked.
  virtual bool IsAsked(Question question) const = 0;
  // Calls, cost and median cost of each row, dearest first.
  virtual absl::StatusOr<std::vector<PeerTotal>> Answer(Question question) = 0;
};

// `library` is the shared library to load, DuckDB's or ClickHouse's (chdb).
std::unique_ptr<Peer> MakeDuckDb(const std::string& library);
// If `with_view`, the ranking is asked of a materialized view.
std::unique_ptr<Peer> MakeClickHouse(const std::string& library, bool with_view);
// `programs` is the directory where initdb and postgres are.
std::unique_ptr<Peer> MakePostgres(const std::string& programs);
std::unique_ptr<Peer> MakeSqlite();

}  // namespace itemized::bench
