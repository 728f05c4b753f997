// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/rates_progress.h"
#include "client/cli/text.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

// How a command speaks of its jobs.
struct Words {
  const char* name;
  bool rederive;
  const char* job;        // The word that begins a sentence about one.
  const char* unchanged;  // What all calls do if nothing would change.
};

constexpr Words kReprice{
    .name = "itemize rates reprice",
    .rederive = false,
    .job = "Repricing",
    .unchanged = " calls have the price that the rate book says: nothing would change.\n"};
constexpr Words kRederive{
    .name = "itemize usage rederive",
    .rederive = true,
    .job = "Rederivation",
    .unchanged = " calls have the usage that their reports say: nothing would change.\n"};

// Writes a change of cost with its sign.
std::string ChangeText(const std::string& usd) {
  return absl::StartsWith(usd, "-") ? absl::StrCat("-", MoneyText(usd.substr(1)))
                                    : absl::StrCat("+", MoneyText(usd));
}

absl::StatusOr<pb::RepriceRequest> ToRequest(const RepriceArguments& arguments,
                                             absl::TimeZone zone) {
  pb::RepriceRequest request;
  if (!arguments.from.empty()) {
    ASSIGN_OR_RETURN(const int64_t from_us, text::ParseInstant("--from", arguments.from, zone));
    request.set_start_unix_us(from_us);
  }
  if (!arguments.to.empty()) {
    ASSIGN_OR_RETURN(const int64_t to_us, text::ParseInstant("--to", arguments.to, zone));
    if (to_us <= request.start_unix_us()) {
      return absl::InvalidArgumentError("--to must be after --from, for it is exclusive.");
    }
    request.set_end_unix_us(to_us);
  }
  if (arguments.provider.has_value()) {
    request.set_provider(*arguments.provider);
  }
  if (arguments.model.has_value()) {
    request.set_model(*arguments.model);
  }
  request.set_dry_run(arguments.dry_run);
  request.set_background(arguments.background);
  return request;
}

void PrintPreview(const Words& words, const pb::RepriceResponse& response, Session& session) {
  std::ostream& out = *session.env.out;
  if (response.rows().empty()) {
    out << "All " << Count(response.looked_at()) << words.unchanged;
    return;
  }
  Table table({{.header = "STEP", .shrink_to = 12},
               {.header = "MODEL", .shrink_to = 12},
               {.header = "PROVIDER", .drop_order = 20, .shrink_to = 8},
               {.header = "CALLS", .align = Align::kRight},
               {.header = "TOKENS", .align = Align::kRight, .drop_order = 25},
               {.header = "WOULD BE", .align = Align::kRight, .drop_order = 25},
               {.header = "COST", .align = Align::kRight, .drop_order = 10},
               {.header = "WOULD COST", .align = Align::kRight},
               {.header = "CHANGE", .align = Align::kRight},
               {.header = "UNPRICED", .align = Align::kRight, .drop_order = 30},
               {.header = "THEN", .align = Align::kRight, .drop_order = 30}});
  // Pricing changes no usage, and a column without text is left out.
  const auto tokens = [&](int64_t count) { return words.rederive ? Count(count) : ""; };
  for (const pb::RepricingRow& row : response.rows()) {
    table.AddRow({NameCell(row.step()),
                  NameCell(row.model()),
                  row.provider(),
                  Count(row.calls()),
                  tokens(row.tokens_before()),
                  tokens(row.tokens_after()),
                  MoneyText(row.before_usd()),
                  MoneyText(row.after_usd()),
                  {ChangeText(row.change_usd()), Style::kBold},
                  CountCell(row.unpriced_before(), Style::kYellow),
                  CountCell(row.unpriced_after(), Style::kYellow)});
  }
  const pb::RepricingTotal& total = response.total();
  table.AddRule();
  table.AddRow({{"total", Style::kBold},
                "",
                "",
                Count(total.calls()),
                "",
                "",
                MoneyText(total.before_usd()),
                MoneyText(total.after_usd()),
                {ChangeText(total.change_usd()), Style::kBold},
                "",
                ""});
  out << table.Render(session.env.canvas) << "\n"
      << Count(total.calls()) << " of " << Count(response.looked_at())
      << " calls would change. Nothing was changed: leave out --dry-run to do it.\n";
}

void PrintJob(const Words& words, const pb::RepricingJob& job, Session& session) {
  std::ostream& out = *session.env.out;
  if (job.ended_at().empty()) {
    out << words.job << " " << job.id() << " has begun; `" << words.name
        << " --list` shows how far it is.\n";
    return;
  }
  out << words.job << " " << job.id() << (job.kind() == "undo" ? " took back " : " changed ")
      << Count(job.calls()) << " call" << PluralS(job.calls()) << ": "
      << MoneyText(job.before_usd()) << " before, " << MoneyText(job.after_usd()) << " now ("
      << ChangeText(job.change_usd()) << ").\n";
  if (job.calls() > 0) {
    out << "To take it back: `" << words.name << " --undo " << job.id() << "`.\n";
  }
}

std::string ScopeText(const pb::RepricingJob& job) {
  if (job.undoes() != 0) {
    return absl::StrCat("undo of ", job.undoes());
  }
  std::string text = job.model();
  absl::StrAppend(&text, text.empty() || job.provider().empty() ? "" : " of ", job.provider());
  text = text.empty() ? "all models" : Printable(text);
  return job.kind() == "rederive" ? absl::StrCat("usage of ", text) : text;
}

void PrintJobs(const pb::ListRepricingsResponse& response, absl::TimeZone zone, Session& session) {
  if (response.jobs().empty()) {
    *session.env.out << "No calls were priced again, nor their usage read again.\n";
    return;
  }
  Table table({{.header = "ID", .align = Align::kRight},
               {.header = "BEGUN"},
               {.header = "ENDED", .drop_order = 20},
               {.header = "WHAT", .shrink_to = 12},
               {.header = "CALLS", .align = Align::kRight},
               {.header = "BEFORE", .align = Align::kRight, .drop_order = 30},
               {.header = "CHANGE", .align = Align::kRight},
               {.header = "UNDONE BY", .align = Align::kRight, .drop_order = 10}});
  for (const pb::RepricingJob& job : response.jobs()) {
    const std::string ended = job.ended_at().empty() ? "under way" : TimeText(job.ended_at(), zone);
    table.AddRow({absl::StrCat(job.id()), TimeText(job.begun_at(), zone), ended, ScopeText(job),
                  Count(job.calls()), MoneyText(job.before_usd()), ChangeText(job.change_usd()),
                  job.undone_by() == 0 ? "" : absl::StrCat(job.undone_by())});
  }
  *session.env.out << table.Render(session.env.canvas);
}

int Undo(const Words& words, const RepriceArguments& arguments, Session& session) {
  pb::UndoRepricingRequest request;
  request.set_id(*arguments.undo);
  request.set_background(arguments.background);
  const auto undo = [&] { return session.connection->UndoRepricing(request); };
  return Answer(
      WithProgress<pb::RepriceResponse>(undo, session), session,
      [&](const pb::RepriceResponse& response) { PrintJob(words, response.job(), session); });
}

int Run(const Words& words, const RepriceArguments& arguments, Session& session) {
  const absl::StatusOr<absl::TimeZone> zone = text::FindZone(arguments.tz);
  if (!zone.ok()) {
    return WrongUsage(session.env, zone.status().message(), words.name);
  }
  if (arguments.list) {
    return Answer(
        session.connection->ListRepricings(), session,
        [&](const pb::ListRepricingsResponse& response) { PrintJobs(response, *zone, session); });
  }
  if (arguments.undo.has_value()) {
    return Undo(words, arguments, session);
  }
  absl::StatusOr<pb::RepriceRequest> request = ToRequest(arguments, *zone);
  if (!request.ok()) {
    return WrongUsage(session.env, request.status().message(), words.name);
  }
  request->set_rederive(words.rederive);
  const auto reprice = [&] { return session.connection->Reprice(*request); };
  return Answer(WithProgress<pb::RepriceResponse>(reprice, session), session,
                [&](const pb::RepriceResponse& response) {
                  if (arguments.dry_run) {
                    PrintPreview(words, response, session);
                  } else {
                    PrintJob(words, response.job(), session);
                  }
                });
}

}  // namespace

int RepriceCommand(const RepriceArguments& arguments, Session& session) {
  return Run(kReprice, arguments, session);
}

int RederiveCommand(const RepriceArguments& arguments, Session& session) {
  return Run(kRederive, arguments, session);
}

}  // namespace itemized::cli
