// SPDX-License-Identifier: Apache-2.0
// SQLite in this process: a write-ahead log synced with every transaction of one batch.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include <sqlite3.h>

#include "bench/peers/peer.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

constexpr char kCreate[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -1000000;"
    "CREATE TABLE calls (event_id TEXT PRIMARY KEY, ts INTEGER, workflow_id TEXT, workflow TEXT, "
    "step TEXT, provider TEXT, model TEXT, input INTEGER, cache_read INTEGER, output INTEGER, "
    "duration INTEGER, cost INTEGER) WITHOUT ROWID;"
    "CREATE INDEX by_step ON calls (step, ts); CREATE INDEX by_run ON calls (workflow_id)";
constexpr char kInsert[] = "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kTop[] =
    "SELECT step, count(*), sum(cost) FROM calls GROUP BY step ORDER BY sum(cost) DESC";

class Sqlite : public Peer {
 public:
  ~Sqlite() override {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  absl::Status Open(const std::string& directory) override {
    RETURN_IF_ERROR(
        Check(sqlite3_open(absl::StrCat(directory, "/calls.sqlite").c_str(), &database_)));
    RETURN_IF_ERROR(Run(kCreate));
    return Check(sqlite3_prepare_v2(database_, kInsert, -1, &insert_, nullptr));
  }

  absl::Status Prepare(absl::Span<const PeerRow> rows) override {
    rows_ = rows;
    return absl::OkStatus();
  }

  absl::Status Insert() override {
    RETURN_IF_ERROR(Run("BEGIN"));
    for (const PeerRow& row : rows_) {
      int place = 0;
      BindText(++place, row.event_id);
      sqlite3_bind_int64(insert_, ++place, row.time_us);
      for (const std::string* name :
           {&row.workflow_id, &row.workflow, &row.step, &row.provider, &row.model}) {
        BindText(++place, *name);
      }
      for (const int64_t value :
           {row.input, row.cache_read, row.output, row.duration_us, row.cost_picos}) {
        sqlite3_bind_int64(insert_, ++place, value);
      }
      if (sqlite3_step(insert_) != SQLITE_DONE) {
        return Check(sqlite3_reset(insert_));
      }
      sqlite3_reset(insert_);
    }
    return Run("COMMIT");
  }

  bool IsAsked(Question question) const override { return question == Question::kTop; }

  absl::StatusOr<std::vector<PeerTotal>> Answer(Question) override {
    sqlite3_stmt* top = nullptr;
    RETURN_IF_ERROR(Check(sqlite3_prepare_v2(database_, kTop, -1, &top, nullptr)));
    const auto text = [&](int column) {
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(top, column)));
    };
    std::vector<PeerTotal> totals;
    while (sqlite3_step(top) == SQLITE_ROW) {
      totals.push_back({.key = text(0), .calls = text(1), .cost_picos = text(2)});
    }
    RETURN_IF_ERROR(Check(sqlite3_finalize(top)));
    return totals;
  }

 private:
  absl::Status Check(int code) {
    return code == SQLITE_OK
               ? absl::OkStatus()
               : absl::UnavailableError(absl::StrCat("SQLite: ", sqlite3_errmsg(database_)));
  }
  absl::Status Run(const char* sql) {
    return Check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr));
  }
  // The text outlives the statement's use of it.
  void BindText(int place, const std::string& text) {
    sqlite3_bind_text(insert_, place, text.data(), static_cast<int>(text.size()), nullptr);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  absl::Span<const PeerRow> rows_;
};

}  // namespace

std::unique_ptr<Peer> MakeSqlite() {
  return std::make_unique<Sqlite>();
}

}  // namespace itemized::bench
