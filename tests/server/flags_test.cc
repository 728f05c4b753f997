// SPDX-License-Identifier: Apache-2.0
#include "server/flags.h"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

std::variant<Flags, int> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "itemized");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Flags, DefaultToTheStandardPortsOnThisMachine) {
  const auto flags = std::get<Flags>(Parse({}));
  EXPECT_EQ(flags.server.data_dir, "./itemized-data");
  EXPECT_EQ(flags.server.grpc_address, "127.0.0.1:4317");
  EXPECT_EQ(flags.server.http_address, "127.0.0.1:4318");
}

TEST(Flags, SayWhereTheServerIs) {
  const auto flags =
      std::get<Flags>(Parse({"--data-dir", "d", "--grpc-address=[::1]:0", "--http-address", ""}));
  EXPECT_EQ(flags.server.data_dir, "d");
  EXPECT_EQ(flags.server.grpc_address, "[::1]:0");
  EXPECT_EQ(flags.server.http_address, "");
}

TEST(Flags, SayWhatIsKept) {
  const auto flags = std::get<Flags>(
      Parse({"--retain-events", "40d", "--retain-rollups=400d", "--min-free-disk", "1GiB"}));
  EXPECT_EQ(flags.server.retain_events_us, 40 * kMicrosPerDay);
  EXPECT_EQ(flags.server.retain_rollups_us, 400 * kMicrosPerDay);
  EXPECT_EQ(flags.server.free_bytes_min, int64_t{1} << 30);
  EXPECT_EQ(std::get<Flags>(Parse({"--min-free-disk", "0"})).server.free_bytes_min, 0);
  EXPECT_EQ(std::get<Flags>(Parse({})).server.free_bytes_min, int64_t{256} << 20);
}

TEST(Flags, SayWhatClientsMayTake) {
  const auto flags =
      std::get<Flags>(Parse({"--memory-limit", "2GiB", "--backup-dir", "/var/backups"}));
  EXPECT_EQ(flags.server.memory_limit, int64_t{2} << 30);
  EXPECT_EQ(flags.server.backup_dir, "/var/backups");
  const auto defaults = std::get<Flags>(Parse({}));
  EXPECT_GE(defaults.server.memory_limit, int64_t{256} << 20);
  EXPECT_EQ(defaults.server.backup_dir, "");
}

TEST(Flags, SayWhetherTheBundledRatesAreInForce) {
  EXPECT_TRUE(std::get<Flags>(Parse({})).bundled_rates);
  EXPECT_FALSE(std::get<Flags>(Parse({"--no-bundled-rates"})).bundled_rates);
}

TEST(Flags, SayWhoseReportedCostsCount) {
  EXPECT_TRUE(std::get<Flags>(Parse({})).server.trusted_cost_providers.empty());
  const auto flags = std::get<Flags>(
      Parse({"--trust-reported-cost", "openrouter", "--trust-reported-cost", "litellm"}));
  EXPECT_EQ(flags.server.trusted_cost_providers,
            (std::vector<std::string>{"openrouter", "litellm"}));
}

TEST(Flags, SayWhatSpansMean) {
  const std::string path = testing::TempDir() + "/spans.toml";
  std::ofstream(path) << "step = \"app.node\"\n";
  const auto flags = std::get<Flags>(Parse({"--otlp-mapping", path.c_str()}));
  EXPECT_EQ(flags.server.span_mapping.keys(), std::vector<std::string>{"app.node"});
  std::ofstream(path) << "steps = \"app.node\"\n";
  EXPECT_EQ(std::get<int>(Parse({"--otlp-mapping", path.c_str()})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--otlp-mapping", "/nowhere/spans.toml"})), 2);
}

TEST(Flags, SayWhereWebhooksMayGo) {
  const std::string path = testing::TempDir() + "/flags-secret-" + std::to_string(getpid());
  std::ofstream(path) << "0123456789abcdef\n";
  const auto flags =
      std::get<Flags>(Parse({"--webhook-allow", "hooks.example.com", "--webhook-allow",
                             "127.0.0.1:9000", "--webhook-secret-file", path.c_str()}));
  const WebhookOptions& webhooks = flags.server.budgets.webhooks;
  EXPECT_EQ(webhooks.secret, "0123456789abcdef");
  EXPECT_TRUE(webhooks.hosts.Check(*ParseWebhookUrl("https://hooks.example.com/x")).ok());
  EXPECT_TRUE(webhooks.hosts.Check(*ParseWebhookUrl("http://127.0.0.1:9000/")).ok());
  EXPECT_FALSE(webhooks.hosts.Check(*ParseWebhookUrl("http://127.0.0.1/")).ok());
  EXPECT_TRUE(std::get<Flags>(Parse({})).server.budgets.webhooks.hosts.empty());
  // What is sent is signed, so that there has to be a secret.
  EXPECT_EQ(std::get<int>(Parse({"--webhook-allow", "hooks.example.com"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--webhook-secret-file", "/nowhere/secret"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--webhook-secret-file", path.c_str(), "--webhook-allow",
                                 "http://hooks.example.com/"})),
            2);
}

TEST(Flags, MistakesAreWrongUsage) {
  EXPECT_EQ(std::get<int>(Parse({"--no-such-flag"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--grpc-address", "4317"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--log-level", "loud"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--data-dir"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"left over"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--retain-events", "40"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--min-free-disk", "much"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--min-free-disk", "-1"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--min-free-disk", "2000TiB"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--min-free-disk", "9999999TiB"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--memory-limit", "1MiB"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--memory-limit", "-1"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--memory-limit", "9999999TiB"})), 2);
}

TEST(Flags, AcceptWhatIsAskedAboutAndNothingByThemselves) {
  const auto defaults = std::get<Flags>(Parse({}));
  EXPECT_FALSE(defaults.server.accept_clock);
  EXPECT_FALSE(defaults.server.accept_missing_mark);
  const auto clock = std::get<Flags>(Parse({"--accept-clock"}));
  EXPECT_TRUE(clock.server.accept_clock);
  EXPECT_FALSE(clock.server.accept_missing_mark);
  EXPECT_TRUE(std::get<Flags>(Parse({"--accept-missing-acknowledged"})).server.accept_missing_mark);
}

TEST(Flags, HelpAndVersionNeedNoServer) {
  EXPECT_EQ(std::get<int>(Parse({"--help"})), 0);
  EXPECT_EQ(std::get<int>(Parse({"--version"})), 0);
}

}  // namespace
}  // namespace itemized::server
