// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/text/json.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

// Time since the run's first call: "+1.24 s".
std::string Offset(const std::string& time, const std::string& first) {
  const absl::StatusOr<int64_t> time_us = ParseTime(time);
  const absl::StatusOr<int64_t> first_us = ParseTime(first);
  if (!time_us.ok() || !first_us.ok()) {
    return "";
  }
  return absl::StrCat("+", DurationText(static_cast<double>(*time_us - *first_us) / 1000));
}

// What is remarkable about a call, the gravest first.
Cell Marks(const pb::BilledCall& call) {
  std::vector<std::string> marks;
  Style style = Style::kPlain;
  if (call.unsurfaced()) {
    style = Style::kYellow;
  }
  if (call.is_outlier()) {
    const pb::OutlierReceipt& receipt = call.receipt();
    marks.push_back(absl::StrCat("outlier ", Multiple(receipt.multiple()),
                                 receipt.learning() ? " default" : " median"));
    style = Style::kRed;
  }
  if (call.status() != "ok" && !call.status().empty()) {
    marks.push_back(call.status());
    style = Style::kRed;
  }
  if (call.unsurfaced()) {
    marks.emplace_back("unused");
  }
  if (call.unpriced()) {
    marks.emplace_back(call.has_usage() ? "no rate" : "no usage");
  }
  return {absl::StrJoin(marks, ", "), style};
}

Table MakeTable(const pb::GetRunResponse& run, absl::TimeZone zone) {
  Table table({{.header = "TIME", .drop_order = 60},
               {.header = "", .align = Align::kRight, .drop_order = 70},
               {.header = "STEP", .shrink_to = 12},
               {.header = "MODEL", .drop_order = 30, .shrink_to = 12},
               {.header = "TOKENS IN", .align = Align::kRight, .drop_order = 40},
               {.header = "OUT", .align = Align::kRight, .drop_order = 50},
               {.header = "DURATION", .align = Align::kRight, .drop_order = 80},
               {.header = "COST", .align = Align::kRight},
               {.header = "", .drop_order = 10, .shrink_to = 8}});
  for (const pb::BilledCall& call : run.calls()) {
    const bool has_usage = call.has_usage();
    table.AddRow({TimeText(call.time(), zone, true),
                  {Offset(call.time(), run.calls(0).time()), Style::kDim},
                  NameCell(call.step()),
                  call.model(),
                  has_usage ? Count(TotalInput(call.usage())) : kNothing,
                  has_usage ? Count(TotalOutput(call.usage())) : kNothing,
                  DurationText(call.duration_ms()),
                  {MoneyText(call.cost_usd()), Style::kBold},
                  Marks(call)});
  }
  return table;
}

void PrintHead(const pb::GetRunResponse& run, absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  const std::string workflow = run.workflow().empty() ? "run" : run.workflow();
  out << Styled(Printable(absl::StrCat(workflow, " ", run.workflow_id())), Style::kBold,
                session.env.canvas)
      << ", " << text::EnumText(run.outcome());
  if (!run.completed_at().empty()) {
    out << " at " << Printable(TimeText(run.completed_at(), zone)) << " " << zone.name();
  }
  out << "\n\n";
}

void PrintFoot(const pb::GetRunResponse& run, Session& session) {
  std::ostream& out = *session.env.out;
  const Canvas& canvas = session.env.canvas;
  const std::string cost = SumText(run.cost_usd(), run.calls_size(), run.unpriced_calls());
  out << "Cost " << Styled(cost, Style::kBold, canvas) << " in " << Count(run.calls_size())
      << " call" << PluralS(run.calls_size());
  if (!run.unsurfaced_usd().empty() && run.unsurfaced_usd() != "0") {
    out << "; "
        << Styled(absl::StrCat(MoneyText(run.unsurfaced_usd()), " on steps nobody saw"),
                  Style::kYellow, canvas);
  }
  out << ".\n";
  if (!run.unused_steps().empty()) {
    out << "Unused steps: " << Printable(absl::StrJoin(run.unused_steps(), ", ")) << ".\n";
  }
  if (run.unpriced_calls() > 0) {
    PrintPricedShare(run.calls_size(), run.unpriced_calls(), session);
  }
}

void PrintRun(const pb::GetRunResponse& run, absl::TimeZone zone, Session& session) {
  PrintHead(run, zone, session);
  if (run.calls().empty()) {
    *session.env.out << "The run has ended, but no call of it has arrived yet.\n";
    return;
  }
  *session.env.out << MakeTable(run, zone).Render(session.env.canvas) << "\n";
  PrintFoot(run, session);
}

}  // namespace

int RunShow(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<absl::TimeZone> zone = text::FindZone(arguments.window.tz);
  if (!zone.ok()) {
    return WrongUsage(session.env, zone.status().message(), "itemize show");
  }
  pb::GetRunRequest request;
  request.set_workflow_id(arguments.workflow_id);
  return Answer(session.connection->GetRun(request), session,
                [&](const pb::GetRunResponse& run) { PrintRun(run, *zone, session); });
}

}  // namespace itemized::cli
