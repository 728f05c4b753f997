// SPDX-License-Identifier: Apache-2.0
#include "client/cli/report.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/report/bill.h"
#include "client/cli/report/document.h"
#include "client/cli/report/forms.h"
#include "client/cli/text.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kCommand[] = "itemize report";
constexpr int32_t kRowsOnPage = 25;

struct Form {
  absl::string_view name;
  absl::string_view ending;
};
constexpr std::array<Form, 5> kForms = {
    {{"html", ".html"}, {"html", ".htm"}, {"md", ".md"}, {"csv", ".csv"}, {"json", ".json"}}};

// Returns the form that the options ask for. INVALID_ARGUMENT with a sentence.
absl::StatusOr<std::string> FormOf(const ReportArguments& arguments, const Session& session) {
  if (session.json && (arguments.format.empty() || arguments.format == "json")) {
    return "json";
  }
  if (session.json) {
    return absl::InvalidArgumentError("--json and --format exclude each other: give one of them.");
  }
  const std::string out = absl::AsciiStrToLower(arguments.out);
  for (const Form& form : kForms) {
    if (arguments.format.empty() ? absl::EndsWith(out, form.ending)
                                 : arguments.format == form.name) {
      return std::string(form.name);
    }
  }
  if (!arguments.format.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--format must be html, md, csv or json, but is \"", arguments.format, "\"."));
  }
  return "html";
}

absl::StatusOr<std::string> Written(const std::string& form, const Bill& bill,
                                    const DocumentOptions& options) {
  if (form == "json") {
    return ToJson(bill, options);
  }
  const ReportDocument document = MakeDocument(bill, options);
  return form == "csv" ? ToCsv(document) : form == "md" ? ToMarkdown(document) : ToHtml(document);
}

absl::Status CannotWrite(const std::string& path, const std::string& why) {
  return absl::UnavailableError(
      absl::StrCat("\"", path, "\" cannot be written: ", why, "; name another file with --out."));
}

// Writes a file so that whoever opens it sees all of it, or what was there before. What is no
// regular file, such as a pipe, is written to as it stands.
absl::Status WriteFile(const std::string& path, const std::string& content) {
  std::error_code error;
  const fs::file_status found = fs::status(path, error);
  const bool in_place = fs::exists(found) && !fs::is_regular_file(found);
  const std::string written = in_place ? path : absl::StrCat(path, ".part");
  errno = 0;
  std::ofstream file(written, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) {
    const std::string why = errno == 0 ? "unknown error" : strerror(errno);
    if (!in_place) {
      fs::remove(written, error);
    }
    return CannotWrite(path, why);
  }
  if (!in_place) {
    fs::rename(written, path, error);
  }
  if (error && !in_place) {
    const std::string why = error.message();
    fs::remove(written, error);
    return CannotWrite(path, why);
  }
  return absl::OkStatus();
}

bool IsToStdout(const ReportArguments& arguments) {
  return arguments.out.empty() || arguments.out == "-";
}

// Says what the file holds, for those who wait for it.
void Tell(const std::string& path, const std::string& content, const Bill& bill, Session& session) {
  const pb::TopTotal& total = bill.steps.total();
  *session.env.out << "Wrote " << Printable(path) << ": "
                   << SumText(total.cost_usd(), total.calls(), total.unpriced_calls()) << " in "
                   << Count(total.calls()) << " call" << PluralS(total.calls()) << ", "
                   << Count((static_cast<int64_t>(content.size()) + 1023) / 1024) << " KiB.\n";
  PrintPricedShare(total.calls(), total.unpriced_calls(), session);
}

}  // namespace

void AddReportOptions(CLI::App& app, ReportArguments& arguments) {
  app.add_option("--out", arguments.out, "File to write; - is standard output, as without it")
      ->type_name("FILE");
  app.add_option("--format", arguments.format,
                 "html, md, csv or json (by the ending of FILE, else html)")
      ->type_name("FORM");
  app.footer(
      "The page holds all it needs: it opens without a network, and prints.\n"
      "Examples:\n"
      "  itemize report --out bill.html\n"
      "  itemize report --from-file usage.ndjson --out bill.html\n"
      "  itemize report --from 2026-11-01 --to 2026-12-01 --format csv > november.csv");
}

int ReportCommand(const ReportArguments& arguments, const text::WindowArguments& window,
                  std::optional<int32_t> limit, Session& session) {
  const absl::StatusOr<std::string> form = FormOf(arguments, session);
  if (!form.ok()) {
    return WrongUsage(session.env, form.status().message(), kCommand);
  }
  if (*form == "html" && IsToStdout(arguments) && session.env.out_is_terminal) {
    return WrongUsage(session.env,
                      "The page is for a browser: say where it goes with --out bill.html, or ask "
                      "for --format md.",
                      kCommand);
  }
  const absl::StatusOr<QueryWindow> resolved = ResolveWindow(window, session);
  if (!resolved.ok()) {
    return WrongUsage(session.env, resolved.status().message(), kCommand);
  }
  const bool is_for_people = *form == "html" || *form == "md";
  const absl::StatusOr<Bill> bill =
      AskBill(*session.connection, {.window = resolved->spec,
                                    .zone = resolved->zone,
                                    .limit = limit.value_or(is_for_people ? kRowsOnPage : 0)});
  if (!bill.ok()) {
    return Fail(session, bill.status());
  }
  const DocumentOptions options{
      .source = session.source_options.empty()
                    ? absl::StrCat("server ", session.connection->address())
                    : session.source_options.substr(1),
      .made_at = FormatTime(session.env.clock->NowUs()),
      .command_suffix = session.source_options,
      .zone = resolved->zone};
  const absl::StatusOr<std::string> content = Written(*form, *bill, options);
  if (!content.ok()) {
    return Fail(session, content.status());
  }
  if (IsToStdout(arguments)) {
    *session.env.out << *content;
    return kExitDone;
  }
  if (const absl::Status written = WriteFile(arguments.out, *content); !written.ok()) {
    return Fail(session, written);
  }
  Tell(arguments.out, *content, *bill, session);
  return kExitDone;
}

}  // namespace itemized::cli
