// SPDX-License-Identifier: Apache-2.0
#include "server/flags.h"

#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include <CLI/CLI.hpp>

#include "server/address.h"
#include "server/budgets/webhook_signature.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

constexpr int kWrongUsage = 2;
constexpr int64_t kDaysMax = 36'500;
// No disk is larger, so that the unit must be wrong.
constexpr int64_t kFreeDiskMax = int64_t{1} << 50;

std::string CheckAddress(const std::string& text) {
  const auto address = ParseAddress(text);
  return address.ok() ? "" : std::string(address.status().message());
}

// Reads "400d" as microseconds.
std::optional<int64_t> ParseDays(absl::string_view text) {
  int64_t days = 0;
  if (!absl::ConsumeSuffix(&text, "d") || !absl::SimpleAtoi(text, &days) || days < 1 ||
      days > kDaysMax) {
    return std::nullopt;
  }
  return days * kMicrosPerDay;
}

std::string CheckDays(const std::string& text) {
  return ParseDays(text).has_value() ? ""
                                     : absl::StrCat("must be a number of days from 1d to ",
                                                    kDaysMax, "d, but is \"", text, "\".");
}

// These two checks look at numbers of bytes, whose unit was resolved before.
std::string CheckFreeDisk(const std::string& text) {
  int64_t bytes = 0;
  return absl::SimpleAtoi(text, &bytes) && bytes >= 0 && bytes <= kFreeDiskMax
             ? ""
             : absl::StrCat("must be from 0 to ", kFreeDiskMax >> 40, "TiB, but is \"", text,
                            "\".");
}

std::string CheckMemoryLimit(const std::string& text) {
  int64_t bytes = 0;
  return absl::SimpleAtoi(text, &bytes) && bytes >= kMemoryLimitMin
             ? ""
             : absl::StrCat("must be ", kMemoryLimitMin >> 20, "MiB at least, but is \"", text,
                            "\".");
}

std::string CheckHttpAddress(const std::string& text) {
  return text.empty() ? "" : CheckAddress(text);
}

void AddDays(CLI::App& app, const std::string& name, int64_t* microseconds,
             const std::string& help) {
  app.add_option_function<std::string>(
         name, [=](const std::string& text) { *microseconds = *ParseDays(text); }, help)
      ->type_name("DAYS")
      ->check(CheckDays);
}

void AddMapping(CLI::App& app, SpanMapping* mapping) {
  app.add_option_function<std::string>(
         "--otlp-mapping",
         [mapping](const std::string& path) {
           absl::StatusOr<SpanMapping> loaded = SpanMapping::Load(path);
           if (!loaded.ok()) {
             throw CLI::ValidationError("--otlp-mapping", std::string(loaded.status().message()));
           }
           *mapping = *std::move(loaded);
         },
         "What OpenTelemetry's spans of yours mean, as README.md shows")
      ->type_name("FILE");
}

void AddWebhooks(CLI::App& app, WebhookOptions* webhooks) {
  app.add_option_function<std::vector<std::string>>(
         "--webhook-allow",
         [webhooks](const std::vector<std::string>& hosts) {
           for (const std::string& host : hosts) {
             if (const absl::Status status = webhooks->hosts.Allow(host); !status.ok()) {
               throw CLI::ValidationError("--webhook-allow", std::string(status.message()));
             }
           }
         },
         "Budgets may have webhooks at this host; without a port, at 80 and 443; may be repeated")
      ->type_name("HOST[:PORT]");
  app.add_option_function<std::string>(
         "--webhook-secret-file",
         [webhooks](const std::string& path) {
           const absl::StatusOr<std::string> secret = ReadSecret(path);
           if (!secret.ok()) {
             throw CLI::ValidationError("--webhook-secret-file",
                                        std::string(secret.status().message()));
           }
           webhooks->secret = *secret;
         },
         "The secret that signs webhooks")
      ->type_name("FILE");
  app.final_callback([webhooks] {
    if (!webhooks->hosts.empty() && webhooks->secret.empty()) {
      throw CLI::ValidationError(
          "--webhook-allow",
          "needs --webhook-secret-file, for a receiver has to tell what is ours.");
    }
  });
}

}  // namespace

std::variant<Flags, int> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  CLI::App app("itemized turns every model call into a line of an exact bill.", "itemized");
  app.add_option("--data-dir", flags.server.data_dir, "Where the database is")
      ->capture_default_str();
  app.add_option("--grpc-address", flags.server.grpc_address, "HOST:PORT for gRPC; port 0: any")
      ->capture_default_str()
      ->check(CheckAddress);
  app.add_option("--http-address", flags.server.http_address,
                 "HOST:PORT for HTTP; port 0: any; \"\": no HTTP")
      ->capture_default_str()
      ->check(CheckHttpAddress);
  app.add_option("--http-host", flags.server.http_hosts,
                 "A name that HTTP clients may use, beside addresses and localhost")
      ->type_name("NAME");
  AddDays(app, "--retain-events", &flags.server.retain_events_us,
          "Keep single calls for so many days, as 400d (for ever)");
  AddDays(app, "--retain-rollups", &flags.server.retain_rollups_us,
          "Keep what is rolled up from them, at least as long (for ever)");
  app.add_option("--min-free-disk", flags.server.free_bytes_min,
                 "Take no events while less of the disk is free")
      ->type_name("SIZE")
      ->default_str("256MiB")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->check(CheckFreeDisk);
  app.add_option("--memory-limit", flags.server.memory_limit,
                 "What messages, answers and questions of all clients may take together; the "
                 "store needs memory besides")
      ->type_name("SIZE")
      ->default_str("a quarter of the machine's, 256MiB at least")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->check(CheckMemoryLimit);
  app.add_option("--backup-dir", flags.server.backup_dir,
                 "Below it `itemize backup NAME` may put copies of the store; without it none are "
                 "made")
      ->type_name("DIR");
  app.add_flag("!--no-bundled-rates", flags.bundled_rates,
               "Begin without the prices that come with the program");
  app.add_option("--trust-reported-cost", flags.server.trusted_cost_providers,
                 "Bill what this provider says that it charged, whatever the rates say; may be "
                 "repeated")
      ->type_name("PROVIDER");
  AddMapping(app, &flags.server.span_mapping);
  AddWebhooks(app, &flags.server.budgets.webhooks);
  app.add_flag("--accept-clock", flags.server.accept_clock,
               "The clock is right, though far ahead of when the database was last open");
  app.add_flag("--accept-missing-acknowledged", flags.server.accept_missing_mark,
               "Open a database whose file \"acknowledged\" is lost, once");
  app.add_flag("--verify", flags.verify,
               "Verify the database instead of serving it; exit status 1: it differs");
  app.add_option("--log-level", flags.log_level, "debug, info, warn or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.set_version_flag("--version", std::string("itemized ") + Version());
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted);
  } catch (const CLI::ParseError& mistake) {
    std::cerr << mistake.what() << "\nRun itemized --help for the flags.\n";
    return kWrongUsage;
  }
  return flags;
}

}  // namespace itemized::server
