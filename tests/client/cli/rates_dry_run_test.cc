// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

pb::Rate& AddToBook(FakeServer& server, const std::string& model, const std::string& input) {
  pb::Rate& rate = *server.list_rates.response.add_rates();
  rate.mutable_match()->set_equals(model);
  rate.mutable_prices()->set_input(input);
  return rate;
}

constexpr char kFile[] = R"({"a": {"input": 4}, "b": {"input": 1.0}, "c": {"input": 70},
                             "new": {"input": 0.5, "output": 2}})";

void FillBook(FakeServer& server) {
  AddToBook(server, "a", "3");
  AddToBook(server, "b", "1");
  AddToBook(server, "c*", "7").set_origin(pb::RATE_ORIGIN_BUNDLED);
  AddToBook(server, "c", "7").set_origin(pb::RATE_ORIGIN_BUNDLED);
}

TEST(RatesImportDryRun, ShowsWhatWouldChangeAndSetsNothing) {
  FakeServer server;
  FillBook(server);
  const Outcome outcome =
      RunAt(server.address(), {"rates", "import", TestFile("rates.json", kFile), "--dry-run"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "Dry run, nothing is set: would add 2, change 1, leave 1 as they are and refuse 0; "
            "left out 0\n"
            "\n"
            "Changed, USD per 1M tokens\n"
            "RATE  CLASS  BEFORE  AFTER  FACTOR\n"
            "a     input   $3.00  $4.00  x1.333\n"
            "\n"
            "Added, beside the rate that holds now\n"
            "RATE  CLASS   BEFORE   AFTER  FACTOR\n"
            "c     input    $7.00  $70.00     x10\n"
            "new   input        –   $0.50\n"
            "      output       –   $2.00\n");
  EXPECT_TRUE(server.list_rates.request.bundled());
  EXPECT_EQ(server.set_rates.request.rates_size(), 0);
}

TEST(RatesImportDryRun, PrintsJson) {
  FakeServer server;
  FillBook(server);
  const Outcome outcome = RunAt(
      server.address(), {"rates", "import", TestFile("rates.json", kFile), "--dry-run", "--json"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("{\n  \"dry_run\": true,\n  \"added\": 2,\n  \"replaced\": 2,\n"
                        "  \"changed\": 1,\n  \"unchanged\": 1,\n  \"refused\": 0,\n"
                        "  \"left_out\": 0,\n  \"warnings\": [],\n"));
  EXPECT_THAT(outcome.out, HasSubstr("        {\n"
                                     "          \"class\": \"input\",\n"
                                     "          \"before\": \"3\",\n"
                                     "          \"after\": \"4\",\n"
                                     "          \"factor\": \"x1.333\"\n"
                                     "        }\n"));
}

TEST(RatesImportDryRun, OfARateThatAServerWouldRefuseEndsWithOne) {
  FakeServer server;
  const std::string file = TestFile(
      "rates.json", absl::StrCat(R"({"good": {"input": 1}, "bad": {"input": 1, "provider": ")",
                                 std::string(300, 'p'), "\"}}"));
  const Outcome dry = RunAt(server.address(), {"rates", "import", file, "--dry-run"});
  EXPECT_EQ(dry.exit_status, 1);
  EXPECT_THAT(dry.out, HasSubstr("The provider has 300 bytes; give at most 200."));
  const Outcome real = RunAt(server.address(), {"rates", "import", file});
  EXPECT_EQ(real.exit_status, 1);
  EXPECT_THAT(real.err, AllOf(HasSubstr("No rate is set, because 1 is refused"),
                              HasSubstr("The provider has 300 bytes")));
  EXPECT_EQ(server.set_rates.request.rates_size(), 0);
}

TEST(RatesImportDryRun, TellsWhatTheFileHasThatNoRateHas) {
  FakeServer server;
  const std::string file =
      TestFile("rates.json", R"({"m": {"litellm_provider": "p", "input_cost_per_token": 1e-06},
                                 "draw": {"litellm_provider": "p", "output_cost_per_image": 1}})");
  const Outcome outcome = RunAt(server.address(), {"rates", "import", file, "--dry-run"});
  EXPECT_THAT(outcome.out,
              HasSubstr("\nLeft out\ndraw: all its prices are of kinds that a rate cannot have: "
                        "output_cost_per_image.\n"));
  EXPECT_THAT(outcome.err, HasSubstr("itemize: Left out 1 model"));
}

TEST(RatesImport, WarnsOfAPriceThatMovesMoreThanTenfold) {
  FakeServer server;
  AddToBook(server, "m", "3");
  server.set_rates.response.set_replaced(1);
  const std::string file = TestFile("rates.json", R"({"m": {"input": 3000}})");
  const std::string warning =
      "The input price of m moves from $3 to $3000 (x1,000); check the units.";
  const Outcome outcome = RunAt(server.address(), {"rates", "import", file});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.err, "itemize: " + warning + "\n");
  EXPECT_THAT(outcome.out, HasSubstr("added 0, replaced 1 (changed 1, left as they are 0), left "
                                     "out 0, repriced 0 calls\n"));
  const Outcome json = RunAt(server.address(), {"rates", "import", file, "--json"});
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"warnings\": [\n    \"" + warning + "\"\n  ]"),
                              HasSubstr("\"replaced\": 1,\n  \"repriced_calls\": 0,\n")));
  EXPECT_THAT(RunAt(server.address(), {"rates", "set", "m", "--input", "0.1"}).err,
              HasSubstr("moves from $3 to $0.1 (x0.033)"));
  EXPECT_THAT(RunAt(server.address(), {"rates", "set", "m", "--input", "30"}).err,
              Not(HasSubstr("moves")));
}

TEST(RatesSetDryRun, SetsNothingAndEndsWithOneWhereItWouldTakePricesAway) {
  FakeServer server;
  AddToBook(server, "m", "3").mutable_prices()->set_output("15");
  const Outcome loses = RunAt(server.address(), {"rates", "set", "m", "--input", "4", "--dry-run"});
  EXPECT_EQ(loses.exit_status, 1);
  EXPECT_THAT(loses.out, AllOf(HasSubstr("change 0"), HasSubstr("--output 15")));
  const Outcome changes =
      RunAt(server.address(), {"rates", "set", "m", "--input", "4", "--output", "15", "--dry-run"});
  EXPECT_EQ(changes.exit_status, 0);
  EXPECT_THAT(changes.out, HasSubstr("m     input   $3.00  $4.00  x1.333"));
  EXPECT_EQ(server.set_rates.request.rates_size(), 0);
}

TEST(RatesSet, IsForATierOfServiceAndARegionAndSoIsRemove) {
  FakeServer server;
  AddToBook(server, "m", "3");
  pb::Rate& flex = AddToBook(server, "m", "1");
  flex.set_service_tier("flex");
  flex.set_region("us");
  const std::vector<std::string> served = {"--service-tier", "flex", "--region", "us"};
  std::vector<std::string> words = {"rates", "set", "m", "--input", "2"};
  words.insert(words.end(), served.begin(), served.end());
  const Outcome set = RunAt(server.address(), words);
  EXPECT_THAT(set.out, HasSubstr("m [flex, us], USD per 1M tokens\n\nCLASS  BEFORE  AFTER\n"
                                 "input   $1.00  $2.00\n"));
  EXPECT_EQ(server.set_rates.request.rates(0).service_tier(), "flex");
  EXPECT_EQ(server.set_rates.request.rates(0).region(), "us");
  words = {"rates", "remove", "m"};
  EXPECT_EQ(RunAt(server.address(), words).exit_status, 0);
  EXPECT_EQ(server.remove_rates.request.rates(0).service_tier(), "");
  words.insert(words.end(), served.begin(), served.end());
  EXPECT_EQ(RunAt(server.address(), words).exit_status, 0);
  EXPECT_EQ(server.remove_rates.request.rates(0).service_tier(), "flex");
  EXPECT_EQ(server.remove_rates.request.rates(0).region(), "us");
}

}  // namespace
}  // namespace itemized::cli
