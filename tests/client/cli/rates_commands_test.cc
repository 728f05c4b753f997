// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <sys/stat.h>

#include "storage/base/time.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

// What is said of earlier calls unless --reprice is given.
constexpr char kWhatStays[] =
    "Calls that had a price keep it; `itemize rates reprice --dry-run` shows what the rates would "
    "make of them.\n";

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RatesSet, SendsEveryPriceAsItWasWritten) {
  FakeServer server;
  server.set_rates.response.set_added(1);
  server.set_rates.response.set_repriced_calls(1234);
  const Outcome outcome = RunAt(server.address(), {"rates",      "set",
                                                   "claude-*",   "--input",
                                                   "3.00",       "--output",
                                                   "15",         "--cache-read",
                                                   "0.30",       "--cache-write-5m",
                                                   "3.75",       "--cache-write-1h",
                                                   "6",          "--reasoning",
                                                   "15.5",       "--input-audio",
                                                   "1",          "--cache-read-audio",
                                                   "2",          "--output-audio",
                                                   "4",          "--input-image",
                                                   "5",          "--output-image",
                                                   "7",          "--web-search",
                                                   "10",         "--request",
                                                   "0.5",        "--provider",
                                                   "anthropic",  "--effective-from",
                                                   "2026-10-31", "--source",
                                                   "the list"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "added 1, replaced 0, repriced 1234 calls\n" + std::string(kWhatStays));
  ASSERT_EQ(server.set_rates.request.rates_size(), 1);
  const pb::Rate& rate = server.set_rates.request.rates(0);
  EXPECT_EQ(rate.match().starts_with(), "claude-");
  EXPECT_EQ(rate.provider(), "anthropic");
  EXPECT_EQ(rate.effective_from_unix_us(), kTestNowUs - kMicrosPerDay);
  EXPECT_EQ(rate.source(), "the list");
  const pb::Prices& prices = rate.prices();
  EXPECT_EQ(prices.input(), "3.00");
  EXPECT_EQ(prices.output(), "15");
  EXPECT_EQ(prices.cache_read(), "0.30");
  EXPECT_EQ(prices.cache_write_5m(), "3.75");
  EXPECT_EQ(prices.cache_write_1h(), "6");
  EXPECT_EQ(prices.reasoning(), "15.5");
  EXPECT_EQ(prices.input_audio(), "1");
  EXPECT_EQ(prices.cache_read_audio(), "2");
  EXPECT_EQ(prices.output_audio(), "4");
  EXPECT_EQ(prices.input_image(), "5");
  EXPECT_EQ(prices.output_image(), "7");
  EXPECT_EQ(prices.web_search(), "10");
  EXPECT_EQ(prices.request(), "0.5");
}

TEST(RatesSet, HasAnOptionForEveryPriceOfTheProtocol) {
  FakeServer server;
  const google::protobuf::Descriptor& prices = *pb::Prices::descriptor();
  for (int i = 0; i < prices.field_count(); ++i) {
    std::string option = "--" + prices.field(i)->name();
    std::replace(option.begin(), option.end(), '_', '-');
    EXPECT_EQ(RunAt(server.address(), {"rates", "set", "m", option, "7"}).exit_status, 0) << option;
    const pb::Rate& rate = server.set_rates.request.rates(0);
    EXPECT_EQ(rate.match().equals(), "m");
    EXPECT_EQ(rate.effective_from_unix_us(), 0);
    EXPECT_EQ(rate.prices().GetReflection()->GetString(rate.prices(), prices.field(i)), "7");
  }
}

TEST(RatesImport, ReadsAFile) {
  FakeServer server;
  const std::string file =
      TestFile("rates.json", R"({"m-1": {"input": 3.00, "output": 15.00}, "m-2": {"input": 1}})");
  const Outcome outcome =
      RunAt(server.address(), {"rates", "import", file, "--from", "2026-10-31"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  ASSERT_EQ(server.set_rates.request.rates_size(), 2);
  EXPECT_EQ(server.set_rates.request.rates(0).effective_from_unix_us(), kTestNowUs - kMicrosPerDay);
}

TEST(RatesImport, ReadsStandardInput) {
  FakeServer server;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string json = R"({"m": {"input": 3}})";
  ASSERT_EQ(write(ends[1], json.data(), json.size()), static_cast<ssize_t>(json.size()));
  close(ends[1]);
  const Outcome outcome = RunAt(server.address(), {"rates", "import", "-", "--format", "simple"},
                                {.stdin_fd = ends[0]});
  close(ends[0]);
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(server.set_rates.request.rates_size(), 1);
}

TEST(RatesImport, DoesNotWaitForEverForAPipe) {
  FakeServer server;
  const std::string pipe = TestFile("other", "") + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Outcome nobody = RunAt(server.address(), {"rates", "import", pipe});
  EXPECT_EQ(nobody.exit_status, 2);
  EXPECT_THAT(nobody.err, HasSubstr("is a pipe that nobody writes to"));
  std::thread writer([&] { std::ofstream(pipe) << R"({"m": {"input": 3}})"; });
  const Outcome written =
      RunAt(server.address(), {"rates", "import", pipe}, {.patience = absl::Minutes(1)});
  writer.join();
  EXPECT_EQ(written.exit_status, 0) << written.err;
  EXPECT_EQ(server.set_rates.request.rates_size(), 1);
}

TEST(RatesImport, KnowsABundledList) {
  FakeServer server;
  const Outcome outcome = RunAt(server.address(), {"rates", "import", "--bundled"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_GT(server.set_rates.request.rates_size(), 10);
}

TEST(RatesImport, LeavesTheBundledListToAServerThatHasItInForce) {
  FakeServer server;
  server.list_rates.response.mutable_bundled()->set_rates(1'547);
  server.list_rates.response.mutable_bundled()->set_source("genai-prices 1, 2026-09-23");
  const Outcome outcome = RunAt(server.address(), {"rates", "import", "--bundled"});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_THAT(outcome.err, HasSubstr("genai-prices 1, 2026-09-23; nothing was imported."));
  EXPECT_EQ(server.set_rates.request.rates_size(), 0);
}

TEST(RatesImport, SaysWhatIsWrongWithAFile) {
  FakeServer server;
  const std::string file = TestFile("rates.json", "no prices at all");
  const Outcome outcome = RunAt(server.address(), {"rates", "import", file});
  EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("itemize: "));
}

TEST(RatesList, ShowsPricesTiersAndWhatHasNone) {
  FakeServer server;
  pb::Rate& rate = *server.list_rates.response.add_rates();
  rate.mutable_match()->set_equals("claude-sonnet-4-6");
  rate.mutable_prices()->set_input("3");
  rate.mutable_prices()->set_cache_read("0.075");
  pb::RateTier& tier = *rate.add_tiers();
  tier.set_input_tokens_over(200'000);
  tier.mutable_prices()->set_input("6");
  pb::UnpricedModel& unpriced = *server.list_rates.response.add_unpriced();
  unpriced.set_model("mystery");
  unpriced.set_calls(1234);
  EXPECT_EQ(RunAt(server.address(), {"rates", "list"}).out,
            "USD per 1M tokens; a class without a price costs what the class it is part of does\n"
            "\n"
            "MODEL              INPUT  CACHE READ\n"
            "claude-sonnet-4-6  $3.00      $0.075\n"
            "  over 200,000 in  $6.00\n"
            "\n"
            "Models with calls that no rate covers:\n"
            "\n"
            "MODEL    CALLS\n"
            "mystery  1,234\n"
            "\n"
            "Price one: `itemize rates set MODEL --input USD --output USD`, or many: `itemize "
            "rates import --bundled`.\n");
}

TEST(RatesList, SaysWhichBundledPricesAreInForceAndShowsHoursAndTiers) {
  FakeServer server;
  server.list_rates.response.mutable_bundled()->set_rates(1'547);
  server.list_rates.response.mutable_bundled()->set_source("genai-prices 1, 2026-09-23");
  const std::string line =
      "Bundled prices are in force: genai-prices 1, 2026-09-23, 1,547 rates (`itemize rates list "
      "--bundled`). A rate that you set wins over them.\n";
  EXPECT_EQ(RunAt(server.address(), {"rates", "list"}).out, line);
  EXPECT_FALSE(server.list_rates.request.bundled());
  pb::Rate& rate = *server.list_rates.response.add_rates();
  rate.mutable_match()->set_equals("m");
  rate.mutable_prices()->set_input("3");
  rate.mutable_hours()->set_from_second(1'800);
  rate.mutable_hours()->set_to_second(59'405);
  rate.set_service_tier("flex");
  rate.set_region("us");
  EXPECT_EQ(
      RunAt(server.address(), {"rates", "list", "--bundled"}).out,
      line +
          "\n"
          "USD per 1M tokens; a class without a price costs what the class it is part of does\n"
          "\n"
          "MODEL         FROM                INPUT\n"
          "m [flex, us]  00:30-16:30:05 UTC  $3.00\n");
  EXPECT_TRUE(server.list_rates.request.bundled());
}

TEST(RatesList, SaysHowToFillAnEmptyBook) {
  FakeServer server;
  EXPECT_THAT(RunAt(server.address(), {"rates", "list"}).out,
              AllOf(HasSubstr("The rate book is empty"), HasSubstr("--bundled")));
}

pb::Rate& AddToBook(FakeServer& server, const std::string& model, int64_t from_us,
                    const std::string& input, const std::string& output) {
  pb::Rate& rate = *server.list_rates.response.add_rates();
  rate.mutable_match()->set_equals(model);
  rate.set_effective_from_unix_us(from_us);
  rate.mutable_prices()->set_input(input);
  rate.mutable_prices()->set_output(output);
  return rate;
}

TEST(RatesSet, ShowsThePricesBeforeAndAfter) {
  FakeServer server;
  AddToBook(server, "m", 0, "3", "15");
  server.set_rates.response.set_replaced(1);
  const Outcome outcome =
      RunAt(server.address(), {"rates", "set", "m", "--input", "3.50", "--output", "15.00"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "m, USD per 1M tokens\n"
            "\n"
            "CLASS   BEFORE   AFTER\n"
            "input    $3.00   $3.50\n"
            "output  $15.00  $15.00\n"
            "\n"
            "added 0, replaced 1, repriced 0 calls\n" +
                std::string(kWhatStays));
}

TEST(RatesSet, RefusesToTakeThePriceOfAClassAwayUnlessThatIsWanted) {
  FakeServer server;
  AddToBook(server, "m", 0, "3", "15").mutable_prices()->set_cache_read("0.30");
  const Outcome refused = RunAt(server.address(), {"rates", "set", "m", "--input", "3.50"});
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("--cache-read 0.30 --output 15"), HasSubstr("--partial")));
  EXPECT_EQ(server.set_rates.request.rates_size(), 0);
  const Outcome partial =
      RunAt(server.address(), {"rates", "set", "m", "--input", "3.50", "--partial"});
  EXPECT_EQ(partial.exit_status, 0) << partial.err;
  EXPECT_EQ(server.set_rates.request.rates_size(), 1);
}

TEST(RatesSet, RefusesToTakeThePricesOfLargeContextsAway) {
  FakeServer server;
  AddToBook(server, "m", 0, "3", "").add_tiers()->mutable_prices()->set_input("6");
  EXPECT_THAT(RunAt(server.address(), {"rates", "set", "m", "--input", "3.50"}).err,
              HasSubstr("large contexts"));
}

TEST(RatesSet, NamesTheRateThatStillPricesTodaysCalls) {
  FakeServer server;
  AddToBook(server, "m", kTestNowUs - kMicrosPerDay, "3", "15");
  EXPECT_THAT(RunAt(server.address(), {"rates", "set", "m", "--input", "1"}).out,
              HasSubstr("Today's calls of m are priced by another rate: m from 2026-10-31."));
  AddToBook(server, "gpt-5-mini", 0, "1", "2");
  EXPECT_THAT(RunAt(server.address(), {"rates", "set", "gpt-5*", "--input", "1"}).out,
              HasSubstr("gpt-5-mini has a rate of its own, which goes before this one."));
  EXPECT_THAT(
      RunAt(server.address(), {"rates", "set", "new", "--input", "1", "--from", "2027-01-01"}).out,
      HasSubstr("It holds from 2027-01-01; until then calls of new have no price."));
}

TEST(RatesSet, ShowsOnATerminalHowFarTheRepricingIs) {
  FakeServer server;
  server.info.response.mutable_repricing()->set_calls(2'000);
  server.info.response.mutable_repricing()->set_done(380);
  server.set_rates.response.set_repriced_calls(2'000);
  // It waits until it has been asked a second time, when the first line stands there.
  server.while_setting_rates = [&] {
    while (server.infos_asked < 2) {
      std::this_thread::yield();
    }
  };
  const Outcome seen =
      RunAt(server.address(), {"rates", "set", "m", "--input", "1"}, {.err_is_terminal = true});
  EXPECT_EQ(seen.exit_status, 0);
  EXPECT_THAT(seen.err, StartsWith("\rrepricing 19%  380 of 2,000 calls\x1b[K"));
  EXPECT_THAT(seen.err, EndsWith("\r\x1b[K"));  // What follows stands on a line of its own.
  EXPECT_THAT(seen.out, HasSubstr("repriced 2000 calls\n"));
}

TEST(RatesSet, ShowsNoProgressInAFile) {
  FakeServer server;
  server.info.response.mutable_repricing()->set_calls(2'000);
  EXPECT_EQ(RunAt(server.address(), {"rates", "set", "m", "--input", "1"}).err, "");
  EXPECT_EQ(server.infos_asked, 0);
}

TEST(RatesImport, CountsWhatHasOtherPricesNowAndNamesWhatLostSome) {
  FakeServer server;
  AddToBook(server, "m-1", 0, "3", "15");
  AddToBook(server, "m-2", 0, "1", "");
  const std::string file = TestFile(
      "rates.json", R"({"m-1": {"input": 4}, "m-2": {"input": 1.0}, "m-3": {"input": 1}})");
  EXPECT_THAT(RunAt(server.address(), {"rates", "import", file}).out,
              AllOf(HasSubstr("1 of the replaced had other prices before: m-1."),
                    HasSubstr("Lost prices that they had: m-1 (output).")));
}

TEST(RatesRemove, NamesOneRate) {
  FakeServer server;
  AddToBook(server, "m", 0, "3", "15");
  AddToBook(server, "m", kTestNowUs, "4", "20");
  server.remove_rates.response.set_removed(1);
  server.remove_rates.response.set_repriced_calls(12);
  const Outcome several = RunAt(server.address(), {"rates", "remove", "m"});
  EXPECT_EQ(several.exit_status, 2);
  EXPECT_THAT(several.err, HasSubstr("m from always; m from 2026-11-01"));
  EXPECT_EQ(RunAt(server.address(), {"rates", "remove", "m", "--from", "always"}).exit_status, 0);
  EXPECT_EQ(server.remove_rates.request.rates(0).effective_from_unix_us(), 0);
  const Outcome one =
      RunAt(server.address(), {"rates", "remove", "m", "--effective-from", "2026-11-01"});
  EXPECT_EQ(one.exit_status, 0) << one.err;
  EXPECT_EQ(one.out, "removed 1 (m from 2026-11-01), repriced 12 calls\n");
  ASSERT_EQ(server.remove_rates.request.rates_size(), 1);
  EXPECT_EQ(server.remove_rates.request.rates(0).match().equals(), "m");
  EXPECT_EQ(server.remove_rates.request.rates(0).effective_from_unix_us(), kTestNowUs);
}

TEST(RatesRemove, OfARateThatIsNotThereIsNotFound) {
  FakeServer server;
  AddToBook(server, "claude-sonnet-4-6", 0, "3", "15");
  const Outcome outcome = RunAt(server.address(), {"rates", "remove", "claude-sonet-4-6"});
  EXPECT_EQ(outcome.exit_status, 4);
  EXPECT_THAT(outcome.err, HasSubstr("Did you mean \"claude-sonnet-4-6\"?"));
}

}  // namespace
}  // namespace itemized::cli
