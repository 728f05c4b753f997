// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"
#include "client/cli/version.h"

namespace itemized::cli {
namespace {

void AddSpans(const pb::SpanCounters& spans, Table& table) {
  table.AddRow({"spans", Count(spans.spans())});
  const std::pair<const char*, int64_t> rows[] = {
      {"spans of a call that another counts", spans.merged_spans()},
      {"spans rejected", spans.rejected_spans()},
      {"calls that are an agent's sum", spans.aggregate_calls()},
      {"calls whose spans have no usage", spans.calls_without_usage()},
      {"traces without a root", spans.rootless_traces()},
      {"logs and metrics dropped", spans.dropped_signals()}};
  for (const auto& [name, count] : rows) {
    if (count > 0) {
      table.AddRow({name, Count(count)});
    }
  }
  for (const pb::ScopeSpans& unknown : spans.unknown_scopes()) {
    table.AddRow({"spans of a scope that is not known",
                  absl::StrCat(Count(unknown.spans()), " of ", unknown.scope())});
  }
}

void PrintInfo(const pb::GetServerInfoResponse& info, Session& session) {
  Table table({{.header = ""}, {.header = ""}});
  table.AddRow({"server", session.connection->address()});
  table.AddRow({"version", info.version() + " (itemize " + kVersion + ")"});
  table.AddRow({"data schema", Count(info.schema_version())});
  table.AddRow({"running since", TimeText(info.started_at(), absl::UTCTimeZone()) + " UTC"});
  table.AddRow({"calls", Count(info.calls())});
  table.AddRow({"unpriced calls", Count(info.unpriced_calls())});
  if (info.unknown_usage_reports() > 0) {
    table.AddRow({"usage of no known shape", Count(info.unknown_usage_reports())});
  }
  if (info.misreported_usage_reports() > 0) {
    table.AddRow({"usage that contradicts itself", Count(info.misreported_usage_reports())});
  }
  if (info.has_spans()) {
    AddSpans(info.spans(), table);
  }
  if (info.has_bundled_rates()) {
    table.AddRow({"bundled rates", absl::StrCat(info.bundled_rates().source(), ", ",
                                                Count(info.bundled_rates().rates()), " rates")});
  }
  if (info.has_repricing()) {
    table.AddRow({"repricing", RepricingText(info.repricing())});
  }
  table.AddRow({"runs", Count(info.runs())});
  table.AddRow({"log", "block " + std::to_string(info.last_block()) + ", views on disk up to " +
                           std::to_string(info.checkpointed_block())});
  table.AddRow(
      {"dashboard", info.http_address().empty() ? "off" : "http://" + info.http_address() + "/"});
  *session.env.out << table.Render(session.env.canvas);
}

}  // namespace

int InfoCommand(Session& session) {
  return Answer(session.connection->GetServerInfo(), session,
                [&](const pb::GetServerInfoResponse& info) { PrintInfo(info, session); });
}

}  // namespace itemized::cli
