// SPDX-License-Identifier: Apache-2.0
#include "server/http/metrics.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/span.h"
#include <sys/resource.h>

#include "storage/base/money.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

constexpr int64_t kMetricWindowUs = 30 * kMicrosPerDay;

// Writes families of samples one after the other.
class Exposition {
 public:
  void Family(absl::string_view name, absl::string_view type, absl::string_view help) {
    name_ = std::string(name);
    absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }
  // Label writes `labels`.
  void Sample(absl::string_view value, absl::string_view labels = "") {
    absl::StrAppend(&text_, name_, labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}",
                    " ", value, "\n");
  }
  void Single(absl::string_view name, absl::string_view type, absl::string_view help,
              absl::string_view value) {
    Family(name, type, help);
    Sample(value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string Label(absl::string_view name, absl::string_view value) {
  return absl::StrCat(name, "=\"",
                      absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                      "\"");
}

void AddIngestion(const IngestCounters& ingested, Exposition& out) {
  out.Family("itemized_events_total", "counter",
             "Events received since the start, by what became of them.");
  out.Sample(absl::StrCat(ingested.calls + ingested.completions), Label("result", "accepted"));
  out.Sample(absl::StrCat(ingested.duplicates), Label("result", "duplicate"));
  out.Sample(absl::StrCat(ingested.refused), Label("result", "refused"));
  out.Single("itemized_late_calls_total", "counter",
             "Calls accepted more than an hour after they ended.",
             absl::StrCat(ingested.late_calls));
  out.Single("itemized_conflicts_total", "counter",
             "Refused events whose id is stored with other content.",
             absl::StrCat(ingested.conflicts));
  out.Single("itemized_commits_total", "counter", "Group commits, each with one fsync.",
             absl::StrCat(ingested.commits));
}

void AddUsageReports(const UsageReportLog& reports, Exposition& out) {
  out.Single("itemized_usage_unknown_total", "counter",
             "Received usage_reported with something of no known shape.",
             absl::StrCat(reports.unknown()));
  out.Single("itemized_usage_misreported_total", "counter",
             "Received usage_reported whose numbers are no counts or contradict each other.",
             absl::StrCat(reports.misreported()));
  out.Single("itemized_usage_not_kept_total", "counter",
             "Received usage_reported that are too long to be kept beside their usage.",
             absl::StrCat(reports.not_kept()));
}

void AddSpans(const SpanCounters& spans, Exposition& out) {
  out.Single("itemized_otlp_spans_total", "counter", "Spans that were kept.",
             absl::StrCat(spans.spans.load()));
  out.Single("itemized_otlp_duplicate_spans_total", "counter", "Spans that were known.",
             absl::StrCat(spans.duplicates.load()));
  out.Single("itemized_otlp_rejected_spans_total", "counter", "Spans that cannot be kept.",
             absl::StrCat(spans.rejected.load()));
  out.Single("itemized_otlp_retracted_calls_total", "counter",
             "Times that a call was taken back by a later span.",
             absl::StrCat(spans.retracted.load()));
  out.Single("itemized_otlp_merged_spans", "gauge",
             "Spans since the start that tell of a call that another one counts.",
             absl::StrCat(spans.merged.load()));
  out.Single("itemized_otlp_aggregate_calls", "gauge",
             "Calls since the start that are the sum of an agent.",
             absl::StrCat(spans.aggregates.load()));
  out.Single("itemized_otlp_calls_without_usage", "gauge",
             "Calls since the start of whose usage no span tells.",
             absl::StrCat(spans.without_usage.load()));
  out.Single("itemized_otlp_rootless_traces", "gauge",
             "Traces since the start with calls whose root has not come.",
             absl::StrCat(spans.rootless.load()));
  out.Family("itemized_otlp_unknown_scope_spans_total", "counter",
             "Spans of calls from instrumentation scopes that nothing is known of.");
  for (const auto& [scope, count] : spans.unknown_scopes.Counts()) {
    out.Sample(absl::StrCat(count), Label("scope", scope));
  }
  out.Family("itemized_otlp_dropped_total", "counter",
             "Log records, and requests with metrics, that are taken and dropped.");
  out.Sample(absl::StrCat(spans.dropped_logs.load()), Label("signal", "logs"));
  out.Sample(absl::StrCat(spans.dropped_metrics.load()), Label("signal", "metrics"));
}

void AddConnections(const HttpCounters& counters, Exposition& out) {
  out.Single("itemized_http_connections", "gauge", "HTTP connections that are open.",
             absl::StrCat(counters.connections.load()));
  out.Single("itemized_http_accept_failures_total", "counter",
             "Times that no connection could be accepted, as without file descriptors.",
             absl::StrCat(counters.accept_failures.load()));
  out.Single("itemized_http_abandoned_requests_total", "counter",
             "Requests whose sender went before they were answered.",
             absl::StrCat(counters.abandoned_answers.load()));
  out.Family("itemized_http_connections_ended_total", "counter",
             "HTTP connections that the server ended, by the reason.");
  out.Sample(absl::StrCat(counters.refused.load()), Label("reason", "no_room"));
  out.Sample(absl::StrCat(counters.gave_way.load()), Label("reason", "gave_way"));
  out.Sample(absl::StrCat(counters.timed_out.load()), Label("reason", "too_slow"));
}

void AddStock(const ServerInfo& info, Exposition& out) {
  const DatabaseInfo& store = info.store;
  out.Family("itemized_build_info", "gauge", "The version that runs.");
  out.Sample("1", absl::StrCat(Label("version", info.facts.version), ",",
                               Label("schema_version", absl::StrCat(store.schema_version))));
  out.Single("itemized_stored_calls", "gauge", "Calls in the store.", absl::StrCat(store.calls));
  out.Single("itemized_stored_unpriced_calls", "gauge",
             "Calls in the store without a rate or without usage.",
             absl::StrCat(store.unpriced_calls));
  out.Single("itemized_stored_usage_missing_calls", "gauge",
             "Calls in the store that reported no usage.", absl::StrCat(store.usage_missing_calls));
  out.Single("itemized_stored_runs", "gauge", "Workflow runs in the store.",
             absl::StrCat(store.runs));
  out.Single("itemized_stored_cost_usd", "gauge", "Cost of all priced calls in the store, USD.",
             FormatUsd(store.cost));
  out.Single("itemized_log_last_block", "gauge", "Sequence of the newest block of the log.",
             absl::StrCat(store.last_block));
  out.Single("itemized_log_checkpointed_block", "gauge", "Block up to which the views are on disk.",
             absl::StrCat(store.checkpointed_block));
}

void AddSteps(const TopAnswer& top, Exposition& out) {
  const absl::Span<const TopRow> rows = absl::MakeConstSpan(top.rows).subspan(0, kMetricSteps);
  const auto add = [&](absl::string_view name, absl::string_view help, const auto& value_of) {
    out.Family(name, "gauge", help);
    for (const TopRow& row : rows) {
      out.Sample(absl::StrCat(value_of(row)), Label("step", row.key));
    }
  };
  add("itemized_step_cost_usd_30d", "Cost of the step's calls in the last 30 days, USD.",
      [](const TopRow& row) { return FormatUsd(row.sums.cost); });
  add("itemized_step_calls_30d", "Calls of the step in the last 30 days.",
      [](const TopRow& row) { return row.sums.calls; });
  add("itemized_step_outliers_30d", "Calls over the step's threshold in the last 30 days.",
      [](const TopRow& row) { return row.sums.outliers; });
  add("itemized_step_unsurfaced_usd_30d",
      "Cost of the step's calls whose output no user saw, in the last 30 days, USD.",
      [](const TopRow& row) { return FormatUsd(row.unsurfaced); });
  add("itemized_step_threshold_usd",
      "Cost over which the next call of the step is an outlier, USD.",
      // Every row of a ranking by step has a threshold.
      [](const TopRow& row) { return FormatUsd(row.threshold->picos); });
}

// The names are those of https://prometheus.io/docs/instrumenting/writing_clientlibs/.
void AddProcess(int64_t started_at_us, Exposition& out) {
  int64_t pages = 0;
  int64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  out.Single("process_resident_memory_bytes", "gauge", "Resident memory.",
             absl::StrCat(resident_pages * sysconf(_SC_PAGESIZE)));
  out.Single("process_cpu_seconds_total", "counter", "CPU time, user and system.",
             absl::StrCat(seconds(usage.ru_utime) + seconds(usage.ru_stime)));
  out.Single("process_start_time_seconds", "gauge", "When the process began, Unix time.",
             absl::StrCat(started_at_us / kMicrosPerSecond));
}

}  // namespace

absl::StatusOr<std::string> WriteMetrics(const Principal& principal, const Database& database,
                                         const ServerFacts& facts, const HttpCounters& connections,
                                         const UsageReportLog& reports,
                                         const Cancellation* cancellation) {
  const TopQuery steps{.window = Window::Last(kMetricWindowUs)};
  ASSIGN_OR_RETURN(const Answered<TopAnswer> top, AskTop(principal, database, steps, cancellation));
  ASSIGN_OR_RETURN(const ServerInfo info, AskInfo(principal, database, facts));
  Exposition out;
  AddStock(info, out);
  AddIngestion(info.store.ingested, out);
  AddUsageReports(reports, out);
  if (facts.spans != nullptr) {
    AddSpans(*facts.spans, out);
  }
  AddSteps(top.answer, out);
  AddConnections(connections, out);
  AddProcess(facts.started_at_us, out);
  return out.Take();
}

}  // namespace itemized::server
