// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr size_t kBarWidth = 24;

double Dollars(const std::string& usd) {
  return static_cast<double>(ParseUsd(usd).value_or(0)) / static_cast<double>(kPicosPerUsd);
}

std::string BucketText(const std::string& start, bool days, absl::TimeZone zone) {
  const std::string text = TimeText(start, zone);
  constexpr size_t kDateBytes = 10;
  constexpr size_t kMinuteBytes = 16;
  return text.substr(0, days ? kDateBytes : kMinuteBytes);
}

Table MakeTable(const pb::GetSeriesResponse& series, bool days, absl::TimeZone zone) {
  Table table({{.header = days ? "DAY" : "HOUR"},
               {.header = "SPEND", .align = Align::kRight},
               {.header = "", .drop_order = 40},
               {.header = "CALLS", .align = Align::kRight, .drop_order = 5},
               {.header = "OUTLIERS", .align = Align::kRight, .drop_order = 10},
               {.header = "UNPRICED", .align = Align::kRight, .drop_order = 15},
               {.header = "TOKENS IN", .align = Align::kRight, .drop_order = 20},
               {.header = "OUT", .align = Align::kRight, .drop_order = 30}});
  double largest = 0;
  for (const pb::SeriesPoint& point : series.points()) {
    largest = std::max(largest, Dollars(point.cost_usd()));
  }
  for (const pb::SeriesPoint& point : series.points()) {
    const double share = largest > 0 ? Dollars(point.cost_usd()) / largest : 0;
    const UsageCounts counts = CountsOf(point);
    table.AddRow({BucketText(point.start(), days, zone),
                  {SumText(point.cost_usd(), point.calls(), point.unpriced_calls()), Style::kBold},
                  {Bar(share, kBarWidth), Style::kGreen},
                  Count(point.calls()),
                  CountCell(point.outliers(), Style::kRed),
                  CountCell(point.unpriced_calls(), Style::kYellow),
                  ShortCount(TokensIn(counts)),
                  ShortCount(TokensOut(counts))});
  }
  return table;
}

void PrintSeries(const pb::GetSeriesResponse& series, bool days, absl::TimeZone zone,
                 Session& session) {
  const std::string what = series.step().empty() ? "all steps" : series.step();
  PrintTitle(absl::StrCat("Spend of ", what), series.window(), zone, session);
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  Picos cost = 0;
  for (const pb::SeriesPoint& point : series.points()) {
    calls += point.calls();
    unpriced_calls += point.unpriced_calls();
    cost += ParseUsd(point.cost_usd()).value_or(0);
  }
  if (calls == 0) {
    return;
  }
  *session.env.out << MakeTable(series, days, zone).Render(session.env.canvas) << "\n"
                   << "Total "
                   << Styled(SumText(FormatUsd(cost), calls, unpriced_calls), Style::kBold,
                             session.env.canvas)
                   << ". ";
  PrintPricedShare(calls, unpriced_calls, session);
}

}  // namespace

int SeriesCommand(const QueryArguments& arguments, Session& session) {
  const absl::StatusOr<QueryWindow> window = ResolveWindow(arguments.window, session);
  if (!window.ok()) {
    return WrongUsage(session.env, window.status().message(), "itemize series");
  }
  const bool days = arguments.every == "1d";
  pb::GetSeriesRequest request;
  *request.mutable_window() = window->spec;
  *request.mutable_filter() = arguments.filter;
  request.set_every_us(days ? kMicrosPerDay : kMicrosPerHour);
  request.set_time_zone(arguments.window.tz);
  const absl::StatusOr<pb::GetSeriesResponse> series = session.connection->GetSeries(request);
  const int exit_status = Answer(series, session, [&](const pb::GetSeriesResponse& response) {
    PrintSeries(response, days, window->zone, session);
  });
  const auto has_calls = [](const pb::SeriesPoint& point) { return point.calls() != 0; };
  if (exit_status != kExitDone ||
      std::any_of(series->points().begin(), series->points().end(), has_calls)) {
    return exit_status;
  }
  return ExplainNothing(series->step().empty() ? "calls" : "calls of this step", arguments.filter,
                        session);
}

}  // namespace itemized::cli
