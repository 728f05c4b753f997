// SPDX-License-Identifier: Apache-2.0
// itemize-demo: 30 days of believable agent traffic for a server.

#include <unistd.h>

#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "client/cpp/connection.h"
#include "client/demo/export_spans.h"
#include "client/demo/list_prices.h"
#include "client/demo/shape.h"
#include "client/demo/stream_traffic.h"
#include "client/demo/traffic.h"
#include "client/rates/bundled.h"
#include "storage/base/time.h"

namespace itemized::demo {
namespace {

// Exit statuses, as those of itemize.
constexpr int kDone = 0;
constexpr int kSomeRefused = 1;
constexpr int kWrongUsage = 2;
constexpr int kFailed = 3;

struct Flags {
  TrafficOptions traffic;
  StreamOptions stream;
  std::string server = "127.0.0.1:4317";
  std::string end;
  bool dry_run = false;
  bool spans = false;
};

int Fail(int status, const absl::Status& error) {
  std::fprintf(stderr, "itemize-demo: %s\n", std::string(error.message()).c_str());
  return status;
}

int DryRun(const TrafficOptions& options) {
  const auto rates = client::BundledRates();
  if (!rates.ok()) {
    return Fail(kFailed, rates.status());
  }
  const auto book = BookOf(*rates);
  if (!book.ok()) {
    return Fail(kFailed, book.status());
  }
  Shape shape(*book);
  Traffic traffic(options);
  while (!traffic.Done()) {
    for (const Delivery& delivery : traffic.NextHour()) {
      shape.Add(delivery);
    }
  }
  std::fputs(shape.ToString().c_str(), stdout);
  return kDone;
}

int Stream(const Flags& flags) {
  const auto connection = client::Connection::Open(flags.server);
  if (const absl::Status ready = connection->WaitReady(absl::Seconds(10)); !ready.ok()) {
    return Fail(kFailed, ready);
  }
  const absl::Time start = absl::Now();
  Traffic traffic(flags.traffic);
  const auto report = flags.spans ? ExportSpans(connection, flags.stream, &traffic)
                                  : StreamTraffic(connection, flags.stream, &traffic);
  if (!report.ok()) {
    return Fail(kFailed, report.status());
  }
  std::printf(
      "Streamed %lld calls and %lld completions of %d days%s in %.1f s: "
      "%lld accepted, %lld duplicate, %lld refused.\n",
      static_cast<long long>(report->calls), static_cast<long long>(report->completions),
      flags.traffic.days, flags.spans ? " as spans" : "",
      absl::ToDoubleSeconds(absl::Now() - start), static_cast<long long>(report->accepted),
      static_cast<long long>(report->duplicate), static_cast<long long>(report->refused));
  for (const std::string& refusal : report->refusals) {
    std::fprintf(stderr, "itemize-demo: refused: %s\n", refusal.c_str());
  }
  return report->refused == 0 ? kDone : kSomeRefused;
}

int Run(Flags flags) {
  flags.traffic.end_us = absl::ToUnixMicros(absl::Now());
  if (!flags.end.empty()) {
    const auto end_us = ParseTime(flags.end);
    if (!end_us.ok()) {
      return Fail(kWrongUsage, end_us.status());
    }
    flags.traffic.end_us = *end_us;
  }
  flags.stream.show_progress = isatty(STDERR_FILENO) != 0;
  return flags.dry_run ? DryRun(flags.traffic) : Stream(flags);
}

}  // namespace
}  // namespace itemized::demo

int main(int argc, char** argv) {
  itemized::demo::Flags flags;
  CLI::App app("Streams believable agent traffic of the last days into an itemized server.");
  app.add_option("--server", flags.server, "The server's gRPC address, host:port")
      ->envname("ITEMIZED_SERVER")
      ->capture_default_str();
  app.add_option("--seed", flags.traffic.seed, "The same seed and end give the same traffic")
      ->capture_default_str();
  app.add_option("--days", flags.traffic.days, "Days of traffic")
      ->check(CLI::Range(1, 365))
      ->capture_default_str();
  app.add_option("--runs-per-day", flags.traffic.runs_per_day, "Runs a day, of about 11 calls each")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  app.add_option("--end", flags.end, "When the traffic ends, RFC 3339 or a date (now)");
  app.add_option("--batch", flags.stream.batch_events, "Events in one message")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_flag("--spans", flags.spans, "Sends spans of OpenTelemetry instead of itemized's events");
  app.add_flag("--dry-run", flags.dry_run, "Only prints what the traffic amounts to; no server");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return itemized::demo::Run(flags);
}
