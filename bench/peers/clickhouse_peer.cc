// SPDX-License-Identifier: Apache-2.0
// ClickHouse in this process (chdb), through its C API. A batch is one INSERT from a
// file in ClickHouse's own row format, synced before it returns.

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "bench/peers/peer.h"
#include "bench/peers/question_sql.h"
#include "bench/peers/shared_library.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

// Opaque types of chdb's C API (https://clickhouse.com/docs/chdb).
using ChConnection = void*;
using ChResult = void*;

constexpr char kColumns[] =
    "event_id String, ts Int64, workflow_id String, workflow LowCardinality(String), "
    "step LowCardinality(String), provider LowCardinality(String), model LowCardinality(String), "
    "tenant LowCardinality(String), "
    "input Int64, cache_read Int64, output Int64, duration Int64, cost Int64";
constexpr char kFileColumns[] =
    "event_id String, ts Int64, workflow_id String, workflow String, step String, provider String, "
    "model String, tenant String, input Int64, cache_read Int64, output Int64, duration Int64, "
    "cost Int64";
constexpr char kDurable[] = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

// A view by step and day has what the ranking needs, and is kept up with each insert.
constexpr char kViewTable[] =
    "CREATE TABLE bill.by_step (step LowCardinality(String), day Int32, "
    "calls AggregateFunction(count), total AggregateFunction(sum, Int64), "
    "median AggregateFunction(quantileTDigest(0.5), Int64)) "
    "ENGINE = AggregatingMergeTree ORDER BY (step, day) ";
constexpr char kView[] =
    "CREATE MATERIALIZED VIEW bill.to_by_step TO bill.by_step AS SELECT step, "
    "toInt32(intDiv(ts, 86400000000)) AS day, countState() AS calls, sumState(cost) AS total, "
    "quantileTDigestState(0.5)(cost) AS median FROM bill.calls GROUP BY step, day";

constexpr SqlDialect kDialect = {
    .table = "bill.calls",
    .median = "quantileExact(0.5)(cost)",
    .day_model = "concat(toString(intDiv(ts, 86400000000)), '/', model)",
};
constexpr char kTopOfView[] =
    "SELECT step, countMerge(calls), sumMerge(total) AS spend, "
    "quantileTDigestMerge(0.5)(median) FROM bill.by_step GROUP BY step ORDER BY spend DESC";

class ClickHouse : public Peer {
 public:
  ClickHouse(std::string library, bool with_view)
      : path_(std::move(library)), with_view_(with_view) {}

  ~ClickHouse() override {
    if (connection_ != nullptr) {
      close_(connection_);
    }
  }

  absl::Status Open(const std::string& directory) override {
    RETURN_IF_ERROR(Load());
    std::string program = "clickhouse";
    std::string path = absl::StrCat("--path=", directory, "/chdb");
    char* arguments[] = {program.data(), path.data()};
    connection_ = connect_(2, arguments);
    if (connection_ == nullptr) {
      return absl::UnavailableError(absl::StrCat("ClickHouse does not start in ", directory));
    }
    batch_file_ = absl::StrCat(directory, "/batch.bin");
    RETURN_IF_ERROR(Query("CREATE DATABASE bill").status());
    RETURN_IF_ERROR(Query(absl::StrCat("CREATE TABLE bill.calls (", kColumns,
                                       ", INDEX of_run workflow_id TYPE bloom_filter(0.01)) "
                                       "ENGINE = MergeTree ORDER BY (step, ts) ",
                                       kDurable))
                        .status());
    if (with_view_) {
      RETURN_IF_ERROR(Query(absl::StrCat(kViewTable, kDurable)).status());
      RETURN_IF_ERROR(Query(kView).status());
    }
    return absl::OkStatus();
  }

  absl::Status Prepare(absl::Span<const PeerRow> rows) override {
    std::string bytes;
    for (const PeerRow& row : rows) {
      AppendSized(&bytes, row.event_id);
      AppendNumber(&bytes, row.time_us);
      for (const std::string* name :
           {&row.workflow_id, &row.workflow, &row.step, &row.provider, &row.model, &row.tenant}) {
        AppendSized(&bytes, *name);
      }
      for (const int64_t value :
           {row.input, row.cache_read, row.output, row.duration_us, row.cost_picos}) {
        AppendNumber(&bytes, value);
      }
    }
    std::ofstream file(batch_file_, std::ios::binary | std::ios::trunc);
    file << bytes;
    file.close();
    return file ? absl::OkStatus()
                : absl::UnavailableError(absl::StrCat("Cannot write ", batch_file_));
  }

  absl::Status Insert() override {
    return Query(absl::StrCat("INSERT INTO bill.calls SELECT * FROM file('", batch_file_,
                              "', RowBinary, '", kFileColumns, "')"))
        .status();
  }

  // The view has nothing but what the ranking by step needs.
  bool IsAsked(Question question) const override {
    return !with_view_ || question == Question::kTop;
  }

  absl::StatusOr<std::vector<PeerTotal>> Answer(Question question) override {
    ASSIGN_OR_RETURN(const std::string answer,
                     Query(with_view_ ? kTopOfView : SqlOf(question, kDialect)));
    std::vector<PeerTotal> totals;
    for (const absl::string_view line : absl::StrSplit(answer, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> values = absl::StrSplit(line, '\t');
      if (values.size() < 3) {
        return absl::UnavailableError(absl::StrCat("ClickHouse answers with ", line));
      }
      totals.push_back({.key = values[0], .calls = values[1], .cost_picos = values[2]});
    }
    return totals;
  }

 private:
  absl::Status Load() {
    RETURN_IF_ERROR(library_.Load(path_));
    RETURN_IF_ERROR(library_.Find("chdb_connect", &connect_));
    RETURN_IF_ERROR(library_.Find("chdb_close_conn", &close_));
    RETURN_IF_ERROR(library_.Find("chdb_query", &query_));
    RETURN_IF_ERROR(library_.Find("chdb_result_buffer", &buffer_));
    RETURN_IF_ERROR(library_.Find("chdb_result_length", &length_));
    RETURN_IF_ERROR(library_.Find("chdb_result_error", &error_));
    return library_.Find("chdb_destroy_query_result", &destroy_);
  }

  // Eight bytes, the lowest first.
  static void AppendNumber(std::string* out, int64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      out->push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
    }
  }

  absl::StatusOr<std::string> Query(const std::string& sql) {
    ChResult result = query_(*connection_, sql.c_str(), "TabSeparated");
    if (result == nullptr) {
      return absl::UnavailableError("ClickHouse gave no answer");
    }
    const char* const error = error_(result);
    absl::StatusOr<std::string> answer = std::string(buffer_(result), length_(result));
    if (error != nullptr && *error != '\0') {
      answer = absl::UnavailableError(absl::StrCat("ClickHouse: ", error));
    }
    destroy_(result);
    return answer;
  }

  const std::string path_;
  const bool with_view_;
  SharedLibrary library_;
  ChConnection* connection_ = nullptr;
  std::string batch_file_;

  ChConnection* (*connect_)(int, char**) = nullptr;
  void (*close_)(ChConnection*) = nullptr;
  ChResult (*query_)(ChConnection, const char*, const char*) = nullptr;
  char* (*buffer_)(ChResult) = nullptr;
  size_t (*length_)(ChResult) = nullptr;
  const char* (*error_)(ChResult) = nullptr;
  void (*destroy_)(ChResult) = nullptr;
};

}  // namespace

std::unique_ptr<Peer> MakeClickHouse(const std::string& library, bool with_view) {
  return std::make_unique<ClickHouse>(library, with_view);
}

}  // namespace itemized::bench
