// SPDX-License-Identifier: Apache-2.0
#include "bench/load/ratios.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "bench/load/questions.h"

namespace itemized::bench {

void AddRatios(Report* report) {
  report->AddRatio("ratio.columns_to_duckdb", "ingest.columns.calls_per_s",
                   "peer.duckdb.ingest_1000.calls_per_s");
  report->AddRatio("ratio.rows_to_duckdb", "ingest.rows.calls_per_s",
                   "peer.duckdb.ingest_1000.calls_per_s");
  report->AddRatio("ratio.columns_to_postgres", "ingest.columns.calls_per_s",
                   "peer.postgres.ingest_1000.calls_per_s");
  report->AddRatio("ratio.columns_to_sqlite", "ingest.columns.calls_per_s",
                   "peer.sqlite.ingest_1000.calls_per_s");
  report->AddRatio("ratio.clickhouse_mv_to_top", "peer.clickhouse_mv.top.ms", "query.top.p50_ms");
  for (const Question question : kQuestions) {
    const std::string name = NameOf(question);
    for (const char* const peer : {"duckdb", "clickhouse"}) {
      report->AddRatio(absl::StrCat("ratio.", peer, "_to_", name),
                       absl::StrCat("peer.", peer, ".", name, ".ms"),
                       absl::StrCat("query.same.", name, ".ms"));
    }
  }
}

}  // namespace itemized::bench
