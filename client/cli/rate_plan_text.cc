// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rate_plan_text.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/json_writer.h"
#include "client/cli/rate_changes.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/rates/describe_match.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr size_t kRowsOnTerminal = 40;
constexpr size_t kRefusalsShown = 20;

std::string FieldName(const client::PriceMove& move) {
  return move.over_tokens < 0 ? move.field
                              : absl::StrCat(move.field, " over ", Count(move.over_tokens));
}

std::string AmountText(const client::PriceMove& move, const std::string& amount) {
  const bool is_price = move.field != "multiplier" && move.field != "currency";
  return is_price || amount.empty() ? PriceText(amount) : amount;
}

// How many of `count` rows are shown.
size_t ShownOf(size_t count, const Session& session) {
  return session.env.out_is_terminal ? std::min(count, kRowsOnTerminal) : count;
}

void PrintMore(size_t count, Session& session) {
  const size_t shown = ShownOf(count, session);
  if (shown < count) {
    *session.env.out << "and " << Count(static_cast<int64_t>(count - shown))
                     << " more; --json has all\n";
  }
}

void PrintTitle(absl::string_view title, Session& session) {
  *session.env.out << "\n" << Styled(std::string(title), Style::kBold, session.env.canvas) << "\n";
}

// Prints the prices of some rates, each beside the one there is.
void PrintPlanned(absl::string_view title, const std::vector<client::PlannedRate>& rates,
                  Session& session) {
  if (rates.empty()) {
    return;
  }
  PrintTitle(title, session);
  Table table({{.header = "RATE", .shrink_to = 16},
               {.header = "CLASS"},
               {.header = "BEFORE", .align = Align::kRight},
               {.header = "AFTER", .align = Align::kRight},
               {.header = "FACTOR", .align = Align::kRight}});
  for (size_t i = 0; i < ShownOf(rates.size(), session); ++i) {
    std::string name = RateName(rates[i].rate);
    for (const client::PriceMove& move : rates[i].moves) {
      const Style style = client::IsLarge(move) ? Style::kYellow : Style::kPlain;
      table.AddRow({std::exchange(name, ""),
                    FieldName(move),
                    AmountText(move, move.before),
                    AmountText(move, move.after),
                    {client::FactorText(move), style}});
    }
    if (!name.empty()) {
      table.AddRow({name, Cell("as it is now", Style::kDim), "", "", ""});
    }
  }
  *session.env.out << table.Render(session.env.canvas);
  PrintMore(rates.size(), session);
}

void PrintRefusals(const std::vector<client::RefusedRate>& refused, std::ostream& out) {
  const size_t shown = std::min(refused.size(), kRefusalsShown);
  for (size_t i = 0; i < shown; ++i) {
    out << Printable(absl::StrCat(RateName(refused[i].rate), ": ", refused[i].reason)) << "\n";
  }
  if (shown < refused.size()) {
    out << "and " << Count(static_cast<int64_t>(refused.size() - shown))
        << " more; --dry-run --json has all\n";
  }
}

void PrintLeftOut(const std::vector<client::LeftOut>& left_out, Session& session) {
  if (left_out.empty()) {
    return;
  }
  PrintTitle("Left out", session);
  for (size_t i = 0; i < ShownOf(left_out.size(), session); ++i) {
    const client::LeftOut& one = left_out[i];
    *session.env.out << Printable(absl::StrCat(one.model, one.field.empty() ? "" : ", ", one.field,
                                               ": ", one.reason, "."))
                     << "\n";
  }
  PrintMore(left_out.size(), session);
}

void AddCounts(const RateReport& report, JsonWriter* json) {
  json->Field("added", static_cast<int64_t>(report.plan.added.size()))
      .Field("replaced", report.plan.replaced())
      .Field("changed", static_cast<int64_t>(report.plan.changed.size()))
      .Field("unchanged", report.plan.unchanged)
      .Field("refused", static_cast<int64_t>(report.plan.refused.size()))
      .Field("left_out", static_cast<int64_t>(report.left_out.size()));
}

void AddSentences(absl::string_view name, const std::vector<std::string>& sentences,
                  JsonWriter* json) {
  json->BeginArray(name);
  for (const std::string& sentence : sentences) {
    json->String(sentence);
  }
  json->End();
}

// Adds what tells a rate from others.
void AddIdentity(const pb::Rate& rate, JsonWriter* json) {
  json->Field("model", client::DescribeMatch(rate.match()))
      .Known("provider", rate.provider())
      .Known("service_tier", rate.service_tier())
      .Known("region", rate.region());
  if (rate.effective_from_unix_us() != 0) {
    json->Field("effective_from", FormatTime(rate.effective_from_unix_us()));
  }
  if (rate.has_hours()) {
    json->BeginObject("hours")
        .Field("from_second", rate.hours().from_second())
        .Field("to_second", rate.hours().to_second())
        .End();
  }
}

void AddPlanned(absl::string_view name, const std::vector<client::PlannedRate>& rates,
                JsonWriter* json) {
  json->BeginArray(name);
  for (const client::PlannedRate& planned : rates) {
    json->BeginObject();
    AddIdentity(planned.rate, json);
    json->BeginArray("prices");
    for (const client::PriceMove& move : planned.moves) {
      json->BeginObject().Field("class", move.field);
      if (move.over_tokens >= 0) {
        json->Field("input_tokens_over", move.over_tokens);
      }
      json->Known("before", move.before)
          .Known("after", move.after)
          .Known("factor", client::FactorText(move))
          .End();
    }
    json->End().End();
  }
  json->End();
}

void AddRefused(const std::vector<client::RefusedRate>& refused, JsonWriter* json) {
  json->BeginArray("refused_rates");
  for (const client::RefusedRate& one : refused) {
    json->BeginObject();
    AddIdentity(one.rate, json);
    json->Field("reason", one.reason).End();
  }
  json->End();
}

void AddLeftOut(const std::vector<client::LeftOut>& left_out, JsonWriter* json) {
  json->BeginArray("left_out_prices");
  for (const client::LeftOut& one : left_out) {
    json->BeginObject()
        .Field("model", one.model)
        .Known("field", one.field)
        .Field("reason", one.reason)
        .End();
  }
  json->End();
}

std::string DryRunJson(const RateReport& report) {
  JsonWriter json;
  json.BeginObject().Flag("dry_run", true);
  AddCounts(report, &json);
  AddSentences("warnings", report.warnings, &json);
  AddSentences("notes", report.notes, &json);
  AddPlanned("added_rates", report.plan.added, &json);
  AddPlanned("changed_rates", report.plan.changed, &json);
  AddRefused(report.plan.refused, &json);
  AddLeftOut(report.left_out, &json);
  json.End();
  return json.Take();
}

std::string CountsText(const RateReport& report) {
  return absl::StrCat("would add ", report.plan.added.size(), ", change ",
                      report.plan.changed.size(), ", leave ", report.plan.unchanged,
                      " as they are and refuse ", report.plan.refused.size(), "; left out ",
                      report.left_out.size());
}

}  // namespace

int PrintDryRun(const RateReport& report, Session& session) {
  const int exit_status = report.plan.refused.empty() ? kExitDone : kExitRefused;
  std::ostream& out = *session.env.out;
  if (session.json) {
    out << DryRunJson(report);
    return exit_status;
  }
  PrintWarnings(report, session);
  out << "Dry run, nothing is set: " << CountsText(report) << "\n";
  PrintPlanned("Changed, USD per 1M tokens", report.plan.changed, session);
  PrintPlanned("Added, beside the rate that holds now", report.plan.added, session);
  if (!report.plan.refused.empty()) {
    PrintTitle("Refused, for which reason none would be set", session);
    PrintRefusals(report.plan.refused, out);
  }
  PrintLeftOut(report.left_out, session);
  return exit_status;
}

int PrintRefused(const RateReport& report, Session& session) {
  if (session.json) {
    JsonWriter json;
    json.BeginObject();
    AddRefused(report.plan.refused, &json);
    json.End();
    *session.env.out << json.Take();
  }
  *session.env.err << "itemize: No rate is set, because " << report.plan.refused.size()
                   << (report.plan.refused.size() == 1 ? " is refused:\n" : " are refused:\n");
  PrintRefusals(report.plan.refused, *session.env.err);
  return kExitRefused;
}

void PrintImported(const RateReport& report, const pb::SetRatesResponse& response,
                   Session& session) {
  std::ostream& out = *session.env.out;
  if (session.json) {
    JsonWriter json;
    json.BeginObject()
        .Field("added", response.added())
        .Field("replaced", response.replaced())
        .Field("repriced_calls", response.repriced_calls())
        .Field("changed", static_cast<int64_t>(report.plan.changed.size()))
        .Field("unchanged", report.plan.unchanged)
        .Field("left_out", static_cast<int64_t>(report.left_out.size()));
    AddSentences("warnings", report.warnings, &json);
    AddSentences("notes", report.notes, &json);
    json.End();
    out << json.Take();
    return;
  }
  out << "added " << response.added() << ", replaced " << response.replaced() << " (changed "
      << report.plan.changed.size() << ", left as they are " << report.plan.unchanged
      << "), left out " << report.left_out.size() << ", repriced " << response.repriced_calls()
      << " call" << PluralS(response.repriced_calls()) << "\n";
}

void PrintWarnings(const RateReport& report, Session& session) {
  for (const std::vector<std::string>* const sentences : {&report.notes, &report.warnings}) {
    for (const std::string& sentence : *sentences) {
      *session.env.err << "itemize: " << Printable(sentence) << "\n";
    }
  }
}

}  // namespace itemized::cli
