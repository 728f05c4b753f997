// SPDX-License-Identifier: Apache-2.0
// `rates reprice` and `usage rederive`: what they ask for, and what they say of the answer.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    pb::RepricingRow& row = *server_.reprice.response.add_rows();
    row.set_step("planning");
    row.set_provider("google");
    row.set_model("gemini-2.5-pro");
    row.set_calls(1'234);
    row.set_before_usd("10.5");
    row.set_after_usd("2.4");
    row.set_change_usd("-8.1");
    row.set_tokens_before(1'005);
    row.set_tokens_after(905);
    pb::RepricingTotal& total = *server_.reprice.response.mutable_total();
    total.set_calls(1'234);
    total.set_before_usd("10.5");
    total.set_after_usd("2.4");
    total.set_change_usd("-8.1");
    server_.reprice.response.set_looked_at(5'000);
  }

  void SetJob(const std::string& kind, pb::RepriceResponse* response) {
    response->Clear();
    pb::RepricingJob& job = *response->mutable_job();
    job.set_id(77);
    job.set_kind(kind);
    job.set_begun_at("2026-11-01T00:00:00Z");
    job.set_ended_at("2026-11-01T00:00:01Z");
    job.set_calls(2);
    job.set_before_usd("1");
    job.set_after_usd("3");
    job.set_change_usd("2");
  }
  Outcome Run(const std::vector<std::string>& words) {
    return RunAt(server_.address(), words, {.width = 120});
  }

  FakeServer server_;
};

TEST_F(Jobs, AskForTheCallsThatTheyName) {
  Run({"usage", "rederive", "--from", "2026-11-01", "--to", "2026-11-02", "--provider", "google",
       "--model", "m", "--dry-run"});
  const pb::RepriceRequest& asked = server_.reprice.request;
  EXPECT_TRUE(asked.rederive());
  EXPECT_TRUE(asked.dry_run());
  EXPECT_EQ(asked.start_unix_us(), kTestNowUs);
  EXPECT_EQ(asked.end_unix_us(), kTestNowUs + int64_t{86'400'000'000});
  EXPECT_EQ(asked.provider(), "google");
  EXPECT_EQ(asked.model(), "m");
  Run({"rates", "reprice", "--background"});
  EXPECT_FALSE(server_.reprice.request.rederive());
  EXPECT_TRUE(server_.reprice.request.background());
}

TEST_F(Jobs, SayWhatWouldChange) {
  const std::string usage = Run({"usage", "rederive", "--dry-run"}).out;
  EXPECT_THAT(usage, HasSubstr("TOKENS"));
  EXPECT_THAT(usage, HasSubstr("1,005"));
  EXPECT_THAT(usage, HasSubstr("905"));
  EXPECT_THAT(usage, HasSubstr("-$8.1"));
  EXPECT_THAT(usage, HasSubstr("1,234 of 5,000 calls would change. Nothing was changed: leave out "
                               "--dry-run to do it.\n"));
  const std::string rates = Run({"rates", "reprice", "--dry-run"}).out;
  EXPECT_THAT(rates, HasSubstr("-$8.1"));
  EXPECT_THAT(rates, Not(HasSubstr("TOKENS")));
}

TEST_F(Jobs, SayThatNothingWouldChange) {
  server_.reprice.response.clear_rows();
  EXPECT_EQ(Run({"usage", "rederive", "--dry-run"}).out,
            "All 5,000 calls have the usage that their reports say: nothing would change.\n");
  EXPECT_EQ(Run({"rates", "reprice", "--dry-run"}).out,
            "All 5,000 calls have the price that the rate book says: nothing would change.\n");
}

TEST_F(Jobs, SayWhatWasDoneAndHowToTakeItBack) {
  SetJob("rederive", &server_.reprice.response);
  EXPECT_EQ(Run({"usage", "rederive"}).out,
            "Rederivation 77 changed 2 calls: $1.00 before, $3.00 now (+$2.00).\n"
            "To take it back: `itemize usage rederive --undo 77`.\n");
  SetJob("price", &server_.reprice.response);
  EXPECT_THAT(Run({"rates", "reprice"}).out, HasSubstr("`itemize rates reprice --undo 77`"));
  SetJob("undo", &server_.undo.response);
  EXPECT_THAT(Run({"usage", "rederive", "--undo", "77"}).out, HasSubstr("77 took back 2 calls"));
  EXPECT_EQ(server_.undo.request.id(), 77);
}

TEST_F(Jobs, AreListedByWhatTheyAreFor) {
  pb::RepriceResponse response;
  for (const char* kind : {"rederive", "price", "undo"}) {
    SetJob(kind, &response);
    *server_.repricings.response.add_jobs() = response.job();
  }
  server_.repricings.response.mutable_jobs(0)->set_provider("google");
  server_.repricings.response.mutable_jobs(1)->set_model("m");
  server_.repricings.response.mutable_jobs(2)->set_undoes(9);
  const std::string listed = Run({"usage", "rederive", "--list"}).out;
  EXPECT_THAT(listed, HasSubstr("usage of google"));
  EXPECT_THAT(listed, HasSubstr(" m "));
  EXPECT_THAT(listed, HasSubstr("undo of 9"));
  EXPECT_EQ(Run({"rates", "reprice", "--list"}).out, listed);
}

}  // namespace
}  // namespace itemized::cli
