// SPDX-License-Identifier: Apache-2.0
// DuckDB in this process, through its C API. A batch is one appender, whose end commits
// and syncs the write-ahead log.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "bench/peers/peer.h"
#include "bench/peers/question_sql.h"
#include "bench/peers/shared_library.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

// The part of DuckDB's C API that is used here (https://duckdb.org/docs/api/c).
struct DuckResult {
  uint64_t deprecated[3];
  void* deprecated_columns;
  char* deprecated_error_message;
  void* internal;
};
struct DuckTimestamp {
  int64_t micros;
};
using DuckHandle = void*;

constexpr int kDuckSuccess = 0;

constexpr char kCreate[] =
    "CREATE TABLE calls (event_id VARCHAR, ts TIMESTAMP, workflow_id VARCHAR, workflow VARCHAR, "
    "step VARCHAR, provider VARCHAR, model VARCHAR, tenant VARCHAR, input BIGINT, "
    "cache_read BIGINT, output BIGINT, duration BIGINT, cost BIGINT)";
constexpr SqlDialect kDialect = {
    .table = "calls",
    .median = "quantile_disc(cost, 0.5)",
    .day_model = "(epoch_us(ts) // 86400000000) || '/' || model",
};

class DuckDb : public Peer {
 public:
  explicit DuckDb(std::string library) : path_(std::move(library)) {}

  ~DuckDb() override {
    if (connection_ != nullptr) {
      disconnect_(&connection_);
      close_(&database_);
    }
  }

  absl::Status Open(const std::string& directory) override {
    RETURN_IF_ERROR(Load());
    if (open_(absl::StrCat(directory, "/calls.duckdb").c_str(), &database_) != kDuckSuccess ||
        connect_(database_, &connection_) != kDuckSuccess) {
      return absl::UnavailableError(absl::StrCat("DuckDB cannot open a database in ", directory));
    }
    return Query(kCreate).status();
  }

  absl::Status Prepare(absl::Span<const PeerRow> rows) override {
    rows_ = rows;
    return absl::OkStatus();
  }

  absl::Status Insert() override {
    DuckHandle appender = nullptr;
    bool good = appender_create_(connection_, nullptr, "calls", &appender) == kDuckSuccess;
    const auto text = [&](const std::string& value) {
      good = good && append_text_(appender, value.data(), value.size()) == kDuckSuccess;
    };
    const auto number = [&](int64_t value) {
      good = good && append_int64_(appender, value) == kDuckSuccess;
    };
    for (const PeerRow& row : rows_) {
      text(row.event_id);
      good = good && append_timestamp_(appender, {row.time_us}) == kDuckSuccess;
      for (const std::string* name :
           {&row.workflow_id, &row.workflow, &row.step, &row.provider, &row.model, &row.tenant}) {
        text(*name);
      }
      for (const int64_t value :
           {row.input, row.cache_read, row.output, row.duration_us, row.cost_picos}) {
        number(value);
      }
      good = good && end_row_(appender) == kDuckSuccess;
    }
    good = appender_destroy_(&appender) == kDuckSuccess && good;
    return good ? absl::OkStatus() : absl::UnavailableError("DuckDB's appender failed");
  }

  bool IsAsked(Question) const override { return true; }

  absl::StatusOr<std::vector<PeerTotal>> Answer(Question question) override {
    ASSIGN_OR_RETURN(const auto rows, Query(SqlOf(question, kDialect).c_str()));
    std::vector<PeerTotal> totals;
    for (const auto& row : rows) {
      totals.push_back({.key = row[0], .calls = row[1], .cost_picos = row[2]});
    }
    return totals;
  }

 private:
  absl::Status Load() {
    RETURN_IF_ERROR(library_.Load(path_));
    RETURN_IF_ERROR(library_.Find("duckdb_open", &open_));
    RETURN_IF_ERROR(library_.Find("duckdb_connect", &connect_));
    RETURN_IF_ERROR(library_.Find("duckdb_disconnect", &disconnect_));
    RETURN_IF_ERROR(library_.Find("duckdb_close", &close_));
    RETURN_IF_ERROR(library_.Find("duckdb_query", &query_));
    RETURN_IF_ERROR(library_.Find("duckdb_row_count", &row_count_));
    RETURN_IF_ERROR(library_.Find("duckdb_value_varchar", &value_text_));
    RETURN_IF_ERROR(library_.Find("duckdb_result_error", &result_error_));
    RETURN_IF_ERROR(library_.Find("duckdb_destroy_result", &destroy_result_));
    RETURN_IF_ERROR(library_.Find("duckdb_free", &free_));
    RETURN_IF_ERROR(library_.Find("duckdb_appender_create", &appender_create_));
    RETURN_IF_ERROR(library_.Find("duckdb_append_varchar_length", &append_text_));
    RETURN_IF_ERROR(library_.Find("duckdb_append_int64", &append_int64_));
    RETURN_IF_ERROR(library_.Find("duckdb_append_timestamp", &append_timestamp_));
    RETURN_IF_ERROR(library_.Find("duckdb_appender_end_row", &end_row_));
    return library_.Find("duckdb_appender_destroy", &appender_destroy_);
  }

  // The first three columns of the answer as text.
  absl::StatusOr<std::vector<std::vector<std::string>>> Query(const char* sql) {
    DuckResult result{};
    const bool good = query_(connection_, sql, &result) == kDuckSuccess;
    absl::Status status;
    if (!good) {
      status = absl::UnavailableError(absl::StrCat("DuckDB: ", result_error_(&result)));
    }
    std::vector<std::vector<std::string>> rows(good ? row_count_(&result) : 0);
    for (size_t row = 0; row < rows.size(); ++row) {
      for (size_t column = 0; column < 3; ++column) {
        char* const text = value_text_(&result, column, row);
        rows[row].emplace_back(text != nullptr ? text : "");
        free_(text);
      }
    }
    destroy_result_(&result);
    RETURN_IF_ERROR(status);
    return rows;
  }

  const std::string path_;
  SharedLibrary library_;
  DuckHandle database_ = nullptr;
  DuckHandle connection_ = nullptr;
  absl::Span<const PeerRow> rows_;

  int (*open_)(const char*, DuckHandle*) = nullptr;
  int (*connect_)(DuckHandle, DuckHandle*) = nullptr;
  void (*disconnect_)(DuckHandle*) = nullptr;
  void (*close_)(DuckHandle*) = nullptr;
  int (*query_)(DuckHandle, const char*, DuckResult*) = nullptr;
  uint64_t (*row_count_)(DuckResult*) = nullptr;
  char* (*value_text_)(DuckResult*, uint64_t, uint64_t) = nullptr;
  const char* (*result_error_)(DuckResult*) = nullptr;
  void (*destroy_result_)(DuckResult*) = nullptr;
  void (*free_)(void*) = nullptr;
  int (*appender_create_)(DuckHandle, const char*, const char*, DuckHandle*) = nullptr;
  int (*append_text_)(DuckHandle, const char*, uint64_t) = nullptr;
  int (*append_int64_)(DuckHandle, int64_t) = nullptr;
  int (*append_timestamp_)(DuckHandle, DuckTimestamp) = nullptr;
  int (*end_row_)(DuckHandle) = nullptr;
  int (*appender_destroy_)(DuckHandle*) = nullptr;
};

}  // namespace

std::unique_ptr<Peer> MakeDuckDb(const std::string& library) {
  return std::make_unique<DuckDb>(library);
}

}  // namespace itemized::bench
