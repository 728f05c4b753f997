// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/text/json.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/spans.h"
#include "client/cli/text.h"
#include "storage/base/money.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

// Says why a call has no price: as the server says, or by how it was served.
std::string WhyUnpriced(const pb::BilledCall& call) {
  if (!call.unpriced_reason().empty()) {
    return Printable(call.unpriced_reason());
  }
  if (!call.has_usage()) {
    return "no usage";
  }
  std::vector<std::string> served;
  for (const std::string* name : {&call.service_tier(), &call.region()}) {
    if (!name->empty()) {
      served.push_back(Printable(*name));
    }
  }
  return served.empty() ? "no rate" : absl::StrCat("no rate for ", absl::StrJoin(served, ", "));
}

// Says which cost won where the provider reported one: "" if both are the same.
std::string ReportedText(const pb::BilledCall& call) {
  if (!call.has_reported_cost_usd()) {
    return "";
  }
  if (call.cost_is_reported()) {
    return "as reported";
  }
  return call.reported_cost_usd() == call.cost_usd()
             ? ""
             : absl::StrCat("reported ", MoneyText(call.reported_cost_usd()));
}

// What is remarkable about a call, the gravest first.
Cell Marks(const pb::BilledCall& call) {
  std::vector<std::string> marks;
  Style style = Style::kPlain;
  if (call.unsurfaced()) {
    style = Style::kYellow;
  }
  if (call.is_outlier()) {
    marks.push_back(absl::StrCat("outlier ", Multiple(call.receipt().multiple()), " median"));
    style = Style::kRed;
  } else if (call.has_receipt() && call.receipt().learning()) {
    // No verdict: its step has too little history.
    marks.push_back(LearningText(call.receipt().sample_count()));
  }
  if (call.status() != "ok" && !call.status().empty()) {
    marks.push_back(call.status());
    style = Style::kRed;
  }
  if (call.unsurfaced()) {
    marks.emplace_back("unused");
  }
  if (const std::string reported = ReportedText(call); !reported.empty()) {
    marks.push_back(reported);
  }
  if (call.unpriced()) {
    marks.push_back(WhyUnpriced(call));
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
                  {OffsetText(call.time(), run.calls(0).time()), Style::kDim},
                  NameCell(call.step()),
                  call.model(),
                  has_usage ? Count(TokensIn(CountsOf(call.usage()))) : kNothing,
                  has_usage ? Count(TokensOut(CountsOf(call.usage()))) : kNothing,
                  KnownDurationText(call.duration_ms()),
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

// Says what providers reported of the calls that are shown, if any did.
void PrintReported(const pb::GetRunResponse& run, Session& session) {
  Picos sum = 0;
  int64_t calls = 0;
  for (const pb::BilledCall& call : run.calls()) {
    const absl::StatusOr<Picos> reported = ParseUsd(call.reported_cost_usd());
    if (call.has_reported_cost_usd() && reported.ok()) {
      sum += *reported;
      ++calls;
    }
  }
  if (calls > 0) {
    *session.env.out << "Providers reported " << MoneyText(FormatUsd(sum)) << " for "
                     << Count(calls) << " of the calls shown.\n";
  }
}

void PrintFoot(const pb::GetRunResponse& run, Session& session) {
  std::ostream& out = *session.env.out;
  const Canvas& canvas = session.env.canvas;
  const std::string cost = SumText(run.cost_usd(), run.call_count(), run.unpriced_calls());
  out << "Cost " << Styled(cost, Style::kBold, canvas) << " in " << Count(run.call_count())
      << " call" << PluralS(run.call_count());
  if (!run.unsurfaced_usd().empty() && run.unsurfaced_usd() != "0") {
    out << "; "
        << Styled(absl::StrCat(MoneyText(run.unsurfaced_usd()), " on steps nobody saw"),
                  Style::kYellow, canvas);
  }
  out << ".\n";
  if (!run.unused_steps().empty()) {
    out << "Unused steps: " << Printable(absl::StrJoin(run.unused_steps(), ", ")) << ".\n";
  }
  PrintReported(run, session);
  if (run.unpriced_calls() > 0) {
    PrintPricedShare(run.call_count(), run.unpriced_calls(), session);
  }
}

void PrintRun(const pb::GetRunResponse& run, absl::TimeZone zone, Session& session) {
  std::ostream& out = *session.env.out;
  PrintHead(run, zone, session);
  const int64_t missing = run.call_count() - run.calls_size();
  if (run.call_count() == 0) {
    out << "The run has ended, but no call of it has arrived yet.\n";
    return;
  }
  out << MakeTable(run, zone).Render(session.env.canvas) << "\n";
  if (!run.next_page_token().empty()) {
    out << Count(missing) << " more call" << PluralS(missing)
        << ", in the sums; --limit 0 shows all.\n";
  } else if (missing > 0) {
    out << Count(missing) << " call" << PluralS(missing) << " of it not kept any more.\n";
  }
  PrintFoot(run, session);
}

// Asks for one page after the other until there are `limit` calls (0: all of them), and
// hands each over.
class Pages {
 public:
  // `first` names the run; its pages follow upon each other.
  Pages(pb::GetRunRequest first, int32_t limit, Session& session)
      : request_(std::move(first)), left_(limit), has_limit_(limit > 0), session_(session) {}

  bool HasNext() const { return !is_at_end_; }

  absl::StatusOr<pb::GetRunResponse> Next() {
    request_.set_limit(has_limit_ ? std::min(left_, kPageMax) : 0);
    absl::StatusOr<pb::GetRunResponse> page = session_.connection->GetRun(request_);
    if (page.ok()) {
      left_ -= page->calls_size();
      request_.set_page_token(page->next_page_token());
      is_at_end_ = page->next_page_token().empty() || (has_limit_ && left_ <= 0);
    }
    return page;
  }

 private:
  static constexpr int32_t kPageMax = 10'000;

  pb::GetRunRequest request_;
  int32_t left_;
  const bool has_limit_;
  Session& session_;
  bool is_at_end_ = false;
};

int ShowJson(Pages pages, Session& session) {
  absl::StatusOr<pb::GetRunResponse> page = pages.Next();
  if (!page.ok()) {
    return Fail(session, page.status());
  }
  pb::GetRunResponse head = *page;
  head.clear_calls();
  head.clear_next_page_token();
  text::JsonListWriter writer(*session.env.out, head, "calls");
  absl::Status status = writer.Begin();
  for (;;) {
    for (int i = 0; status.ok() && i < page->calls_size(); ++i) {
      status = writer.Add(page->calls(i));
    }
    if (!status.ok() || !pages.HasNext()) {
      break;
    }
    page = pages.Next();
    status = page.status();
    if (!status.ok()) {
      break;
    }
  }
  if (!status.ok()) {
    return Fail(session, status);
  }
  writer.End();
  return kExitDone;
}

// The calls of all pages in one answer.
absl::StatusOr<pb::GetRunResponse> Collect(Pages pages) {
  ASSIGN_OR_RETURN(pb::GetRunResponse run, pages.Next());
  while (pages.HasNext()) {
    ASSIGN_OR_RETURN(pb::GetRunResponse page, pages.Next());
    for (pb::BilledCall& call : *page.mutable_calls()) {
      *run.add_calls() = std::move(call);
    }
    run.set_next_page_token(page.next_page_token());
  }
  return run;
}

}  // namespace

int ShowCommand(const QueryArguments& arguments, Session& session) {
  constexpr int32_t kCallsForPeople = 1'000;
  const absl::StatusOr<absl::TimeZone> zone = text::FindZone(arguments.window.tz);
  if (!zone.ok()) {
    return WrongUsage(session.env, zone.status().message(), "itemize show");
  }
  if (arguments.spans) {
    return ShowSpans(arguments.workflow_id, session);
  }
  pb::GetRunRequest request;
  request.set_workflow_id(arguments.workflow_id);
  const absl::StatusOr<int64_t> known_us = KnownAt(arguments.window, *zone);
  if (!known_us.ok()) {
    return WrongUsage(session.env, known_us.status().message(), "itemize show");
  }
  request.set_as_known_at_unix_us(*known_us);
  const int32_t limit = arguments.limit.value_or(session.json ? 0 : kCallsForPeople);
  request.set_with_usage_reported(session.json);
  Pages pages(std::move(request), limit, session);
  if (session.json) {
    return ShowJson(std::move(pages), session);
  }
  return Answer(Collect(std::move(pages)), session,
                [&](const pb::GetRunResponse& run) { PrintRun(run, *zone, session); });
}

}  // namespace itemized::cli
