// SPDX-License-Identifier: Apache-2.0
#include "client/cli/reconcile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "itemized/v1/query.pb.h"
#include "proto/text/window.h"

#include "client/cli/format.h"
#include "client/cli/input_file.h"
#include "client/cli/reconcile_text.h"
#include "client/cli/text.h"
#include "client/rates/model_names.h"
#include "client/reconcile/compare.h"
#include "client/reconcile/usage_export.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr int64_t kDaysMax = 400;
constexpr char kName[] = "itemize reconcile";

absl::StatusOr<TimeRange> WantedTime(const ReconcileArguments& arguments) {
  TimeRange wanted = {.start_us = kTimeMinUs, .end_us = kTimeMaxUs};
  const absl::TimeZone utc = absl::UTCTimeZone();
  if (!arguments.from.empty()) {
    ASSIGN_OR_RETURN(wanted.start_us, text::ParseInstant("--from", arguments.from, utc));
  }
  if (!arguments.to.empty()) {
    ASSIGN_OR_RETURN(wanted.end_us, text::ParseInstant("--to", arguments.to, utc));
  }
  if (wanted.empty()) {
    return absl::InvalidArgumentError("--to must be after --from.");
  }
  return wanted;
}

// Reads "1%" or "0.01", in units of 10^-12.
absl::StatusOr<Picos> ParseTolerance(absl::string_view text) {
  absl::string_view number = text;
  const int decimals = absl::ConsumeSuffix(&number, "%") ? 10 : 12;
  const absl::StatusOr<Picos> tolerance = ParseDecimal(number, decimals);
  if (!tolerance.ok() || *tolerance < 0 || *tolerance > kPicosPerUsd) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--tolerance must be a part from 0% to 100%, such as 1% or 0.01, but is \"", text, "\"."));
  }
  return *tolerance;
}

absl::StatusOr<client::UsageExport> ReadExport(const ReconcileArguments& arguments,
                                               const Environment& env) {
  ASSIGN_OR_RETURN(const client::ExportFormat format, client::ParseExportFormat(arguments.format));
  ASSIGN_OR_RETURN(const TimeRange wanted, WantedTime(arguments));
  client::ExportReader reader(format, wanted);
  for (const std::string& file : arguments.files) {
    RETURN_IF_ERROR(CheckInput(file).status());
    ASSIGN_OR_RETURN(const std::string content, ReadInput(file, env));
    RETURN_IF_ERROR(reader.Read(file, content));
  }
  ASSIGN_OR_RETURN(client::UsageExport read, reader.Finish());
  if (DayOf(read.covers.end_us) - DayOf(read.covers.start_us) > kDaysMax) {
    return absl::InvalidArgumentError(absl::StrCat("The export covers more than ", kDaysMax,
                                                   " days; take a part with --from and --to."));
  }
  return read;
}

// Asks for what was traced of a provider, day by day.
class Tracing {
 public:
  Tracing(std::string provider, TimeRange time, Session& session)
      : provider_(std::move(provider)), time_(time), session_(session) {}

  absl::StatusOr<client::TracedRows> Ask() {
    RETURN_IF_ERROR(FindProviders());
    const Day last = DayOf(time_.end_us - 1);
    for (Day day = DayOf(time_.start_us); day - last <= 0; day = day + 1) {
      if (!filters_) {
        RETURN_IF_ERROR(AskFor(day, nullptr));
        continue;
      }
      for (const std::string& name : names_) {
        RETURN_IF_ERROR(AskFor(day, &name));
      }
    }
    return std::move(rows_);
  }

 private:
  // Finds the names under which calls of the provider were traced. A call that names none, or the
  // gateway that it went through, is of the maker of its model.
  absl::Status FindProviders() {
    if (provider_.empty()) {
      return absl::OkStatus();
    }
    pb::GetTopRequest request;
    request.set_by(pb::GROUP_BY_PROVIDER);
    SetWindow(time_, &request);
    ASSIGN_OR_RETURN(const pb::GetTopResponse top, session_.connection->GetTop(request));
    bool is_found = false;  // A question about one of its names is about all of them.
    for (const pb::TopRow& row : top.rows()) {
      const std::string one_name = client::OneProviderName(row.key());
      if (one_name.empty() || (one_name == provider_ && !std::exchange(is_found, true))) {
        names_.push_back(row.key());
      } else if (one_name != provider_) {
        filters_ = true;
      }
    }
    // Nothing has to be filtered, which is faster, if each call names this provider.
    filters_ = filters_ || std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
                 return client::OneProviderName(name).empty();
               });
    return absl::OkStatus();
  }

  static void SetWindow(TimeRange time, pb::GetTopRequest* request) {
    request->mutable_window()->set_start_unix_us(time.start_us);
    request->mutable_window()->set_end_unix_us(time.end_us);
  }

  absl::Status AskFor(Day day, const std::string* provider) {
    pb::GetTopRequest request;
    request.set_by(pb::GROUP_BY_MODEL);
    SetWindow({.start_us = std::max(time_.start_us, DayStartUs(day)),
               .end_us = std::min(time_.end_us, DayStartUs(day + 1))},
              &request);
    if (provider != nullptr) {
      request.mutable_filter()->set_provider(*provider);
    }
    ASSIGN_OR_RETURN(const pb::GetTopResponse top, session_.connection->GetTop(request));
    for (const pb::TopRow& row : top.rows()) {
      const bool is_named = provider == nullptr || !client::OneProviderName(*provider).empty();
      if (is_named || client::MakerOfModel(row.key()) == provider_) {
        const UsageCounts counts = CountsOf(row);
        ASSIGN_OR_RETURN(const Picos cost, ParseUsd(row.cost_usd()));
        rows_[{day, row.key()}].Add({.calls = row.calls(),
                                     .unpriced_calls = row.unpriced_calls(),
                                     .tokens = TokensIn(counts) + TokensOut(counts),
                                     .cost = cost});
      }
    }
    return absl::OkStatus();
  }

  const std::string provider_;  // Its one name; "" takes all.
  const TimeRange time_;
  Session& session_;
  std::vector<std::string> names_;
  bool filters_ = false;
  client::TracedRows rows_;
};

}  // namespace

int ReconcileCommand(const ReconcileArguments& arguments, Session& session) {
  const absl::StatusOr<Picos> tolerance = ParseTolerance(arguments.tolerance);
  if (!tolerance.ok()) {
    return WrongUsage(session.env, tolerance.status().message(), kName);
  }
  const absl::StatusOr<client::UsageExport> read = ReadExport(arguments, session.env);
  if (!read.ok()) {
    return WrongUsage(session.env, read.status().message(), kName);
  }
  const std::string provider = client::OneProviderName(
      arguments.provider.empty() ? client::ProviderOf(read->format) : arguments.provider);
  const absl::StatusOr<client::TracedRows> traced = Tracing(provider, read->covers, session).Ask();
  if (!traced.ok()) {
    return Fail(session, traced.status());
  }
  const client::Comparison comparison = client::Compare(*read, *traced, provider, *tolerance);
  PrintComparison(*read, comparison, provider, *tolerance, session);
  return comparison.is_within() ? kExitDone : kExitRefused;
}

}  // namespace itemized::cli
