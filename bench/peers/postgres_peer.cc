// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of our own over a Unix socket. A batch is one COPY, which is one
// transaction, committed synchronously. Its files are in /var/tmp: its user may not be let
// into the directory of ours, and the path of a socket must be short.

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <libpq-fe.h>

#include "bench/peers/peer.h"
#include "storage/base/status_macros.h"

namespace itemized::bench {
namespace {

constexpr char kCreate[] =
    "CREATE TABLE calls (event_id text PRIMARY KEY, ts bigint, workflow_id text, workflow text, "
    "step text, provider text, model text, input bigint, cache_read bigint, output bigint, "
    "duration bigint, cost bigint);"
    "CREATE INDEX ON calls (step, ts); CREATE INDEX ON calls (workflow_id)";
constexpr char kTop[] =
    "SELECT step, count(*), sum(cost), percentile_disc(0.5) WITHIN GROUP (ORDER BY cost) "
    "FROM calls GROUP BY step ORDER BY sum(cost) DESC";

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

class Postgres : public Peer {
 public:
  explicit Postgres(std::string programs) : programs_(std::move(programs)) {}

  ~Postgres() override {
    PQfinish(connection_);
    if (is_running_) {
      Run(absl::StrCat("pg_ctl -D ", data_, " -m immediate stop")).IgnoreError();
    }
    std::error_code ignored;  // A left-over directory is harmless.
    std::filesystem::remove_all(data_, ignored);
  }

  absl::Status Open(const std::string&) override {
    RETURN_IF_ERROR(MakeDirectory());
    RETURN_IF_ERROR(Run(absl::StrCat("initdb -U postgres -A trust -E UTF8 -D ", data_)));
    RETURN_IF_ERROR(Run(absl::StrCat(
        "pg_ctl -w -D ", data_, " -l ", data_, "/log -o \"-c listen_addresses='' -c ",
        "unix_socket_directories=", data_, " -c synchronous_commit=on -c shared_buffers=1GB ",
        "-c work_mem=256MB\" start")));
    is_running_ = true;
    connection_ =
        PQconnectdb(absl::StrCat("host=", data_, " dbname=postgres user=postgres").c_str());
    if (PQstatus(connection_) != CONNECTION_OK) {
      return Failed();
    }
    return Query(kCreate, PGRES_COMMAND_OK).status();
  }

  absl::Status Prepare(absl::Span<const PeerRow> rows) override {
    lines_.clear();
    for (const PeerRow& row : rows) {
      absl::StrAppend(&lines_, row.event_id, "\t", row.time_us, "\t", row.workflow_id, "\t",
                      row.workflow, "\t", row.step);
      absl::StrAppend(&lines_, "\t", row.provider, "\t", row.model, "\t", row.input, "\t");
      absl::StrAppend(&lines_, row.cache_read, "\t", row.output, "\t", row.duration_us, "\t");
      absl::StrAppend(&lines_, row.cost_picos, "\n");
    }
    return absl::OkStatus();
  }

  absl::Status Insert() override {
    RETURN_IF_ERROR(Query("COPY calls FROM STDIN", PGRES_COPY_IN).status());
    if (PQputCopyData(connection_, lines_.data(), static_cast<int>(lines_.size())) != 1 ||
        PQputCopyEnd(connection_, nullptr) != 1) {
      return Failed();
    }
    const Result done(PQgetResult(connection_));
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) {
      return Failed();
    }
    return Result(PQgetResult(connection_)) == nullptr ? absl::OkStatus() : Failed();
  }

  bool IsAsked(Question question) const override { return question == Question::kTop; }

  absl::StatusOr<std::vector<PeerTotal>> Answer(Question) override {
    ASSIGN_OR_RETURN(const Result answer, Query(kTop, PGRES_TUPLES_OK));
    std::vector<PeerTotal> totals;
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
      totals.push_back({.key = PQgetvalue(answer.get(), row, 0),
                        .calls = PQgetvalue(answer.get(), row, 1),
                        .cost_picos = PQgetvalue(answer.get(), row, 2)});
    }
    return totals;
  }

 private:
  // PostgreSQL does not run as root, so root runs it as the user of Debian's package.
  static bool IsRoot() { return geteuid() == 0; }

  absl::Status MakeDirectory() {
    data_ = "/var/tmp/itemized-postgres-XXXXXX";
    if (mkdtemp(data_.data()) == nullptr) {
      return absl::UnavailableError("Cannot make a directory in /var/tmp");
    }
    if (!IsRoot()) {
      return absl::OkStatus();
    }
    const passwd* const user = getpwnam("postgres");
    if (user == nullptr || chown(data_.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return absl::UnavailableError("The user postgres is missing; install postgresql-15");
    }
    return absl::OkStatus();
  }

  absl::Status Run(const std::string& command) const {
    const std::string line = absl::StrCat("cd / && ", IsRoot() ? "runuser -u postgres -- " : "",
                                          programs_, "/", command, " >/dev/null 2>&1");
    return std::system(line.c_str()) == 0
               ? absl::OkStatus()
               : absl::UnavailableError(absl::StrCat("This failed: ", line));
  }

  absl::Status Failed() const {
    return absl::UnavailableError(absl::StrCat("PostgreSQL: ", PQerrorMessage(connection_)));
  }

  absl::StatusOr<Result> Query(const char* sql, ExecStatusType expected) {
    Result result(PQexec(connection_, sql));
    if (PQresultStatus(result.get()) != expected) {
      return Failed();
    }
    return result;
  }

  const std::string programs_;
  std::string data_;
  bool is_running_ = false;
  PGconn* connection_ = nullptr;
  std::string lines_;
};

}  // namespace

std::unique_ptr<Peer> MakePostgres(const std::string& programs) {
  return std::make_unique<Postgres>(programs);
}

}  // namespace itemized::bench
