// SPDX-License-Identifier: Apache-2.0
#include "server/budgets/webhook_sender.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "itemized/v1/budgets.pb.h"
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "server/budgets/webhook_signature.h"
#include "storage/budgets/budget_codec.h"
#include "tests/server/budgets/fake_budget_store.h"
#include "tests/server/budgets/receiver.h"

namespace itemized::server {
namespace {

using Fault = FakeBudgetStore::Fault;
using ::testing::ElementsAre;

constexpr char kSecret[] = "a secret of the test";

class BookClock : public Clock {
 public:
  int64_t NowUs() const override { return now_us; }
  std::atomic<int64_t> now_us = kBookNowUs;
};

class WebhookSenderTest : public ::testing::Test {
 protected:
  WebhookOptions Options(const Receiver& receiver) {
    WebhookOptions options;
    EXPECT_TRUE(options.hosts.Allow(receiver.host()).ok());
    options.secret = kSecret;
    options.first_wait = std::chrono::milliseconds(1);
    options.last_wait = std::chrono::milliseconds(4);
    return options;
  }
  // Crosses the first `percent` of a budget of that name.
  void Cross(const std::string& name, const Receiver& receiver, int32_t percent = 50) {
    if (!book_.Find(name).has_value()) {
      ASSERT_TRUE(book_.Set(BudgetOf(name, 1'000, receiver.url())).ok());
    }
    ASSERT_TRUE(
        book_.Record(name, book_.Find(name)->generation, kBookDay, percent * 10, kBookNowUs).ok());
  }
  // Waits until the first crossing of a budget is settled.
  static Delivery AwaitSettled(const BudgetBook& book, const std::string& name) {
    while (book.Find(name)->crossings[0].delivery == Delivery::kPending) {
      std::this_thread::yield();
    }
    return book.Find(name)->crossings[0].delivery;
  }
  static std::vector<std::string> Ids(const std::vector<Receiver::Request>& requests) {
    std::vector<std::string> ids;
    for (const Receiver::Request& request : requests) {
      ids.push_back(request.headers.at("idempotency-key"));
    }
    return ids;
  }

  FakeBudgetStore store_;
  BudgetBook book_{store_.Store()};
  BookClock clock_;
};

TEST_F(WebhookSenderTest, PostsACrossingOnceAndSignsIt) {
  Receiver receiver([](int) { return AnswerOf(200); });
  WebhookSender sender(book_, Options(receiver), clock_);
  Cross("all", receiver);
  sender.Wake();
  EXPECT_EQ(AwaitSettled(book_, "all"), Delivery::kSent);
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 1);
  itemized::v1::BudgetCrossing body;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(requests[0].body, &body).ok());
  EXPECT_EQ(body.id(), CrossingId("all", book_.Find("all")->crossings[0]));
  EXPECT_EQ(body.budget(), "all");
  EXPECT_EQ(body.scope(), "all calls");
  EXPECT_EQ(body.threshold_percent(), 50);
  EXPECT_EQ(body.amount_usd(), "0.000000001");
  EXPECT_EQ(body.spent_usd(), "0.0000000005");
  EXPECT_EQ(body.forecast_usd(), "0.000000001");
  EXPECT_EQ(body.period_start(), "2024-10-04T00:00:00Z");
  EXPECT_EQ(body.period_end(), "2024-10-05T00:00:00Z");
  EXPECT_EQ(body.at(), "2024-10-04T12:00:00Z");
  EXPECT_EQ(requests[0].headers.at("idempotency-key"), body.id());
  EXPECT_EQ(requests[0].headers.at("itemized-signature"),
            SignWebhook(kSecret, kBookNowUs / kMicrosPerSecond, requests[0].body));
}

TEST_F(WebhookSenderTest, TriesAgainUntilTheReceiverTakesIt) {
  const std::vector<std::string> answers = {AnswerOf(500), Receiver::kHangUp, AnswerOf(429),
                                            AnswerOf(408), AnswerOf(200)};
  Receiver receiver([&](int nth) { return answers.at(static_cast<size_t>(nth)); });
  WebhookSender sender(book_, Options(receiver), clock_);
  Cross("all", receiver);
  sender.Wake();
  EXPECT_EQ(AwaitSettled(book_, "all"), Delivery::kSent);
  const std::vector<std::string> ids = Ids(receiver.requests());
  EXPECT_EQ(ids.size(), 5);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1);
}

TEST_F(WebhookSenderTest, GivesUpWhatIsRefusedForGood) {
  for (const int status : {410, 301}) {
    Receiver receiver([&](int) { return AnswerOf(status, "Location: http://127.0.0.1:1/\r\n"); });
    WebhookSender sender(book_, Options(receiver), clock_);
    const std::string name = std::to_string(status);
    Cross(name, receiver);
    sender.Wake();
    EXPECT_EQ(AwaitSettled(book_, name), Delivery::kGivenUp);
    EXPECT_EQ(receiver.requests().size(), 1);
  }
}

TEST_F(WebhookSenderTest, GivesUpAfterSoManyAttempts) {
  Receiver receiver([](int) { return AnswerOf(503); });
  WebhookOptions options = Options(receiver);
  options.attempts_max = 3;
  WebhookSender sender(book_, options, clock_);
  Cross("all", receiver);
  sender.Wake();
  EXPECT_EQ(AwaitSettled(book_, "all"), Delivery::kGivenUp);
  EXPECT_EQ(receiver.requests().size(), 3);
}

TEST_F(WebhookSenderTest, GivesUpWhatIsTooOld) {
  Receiver receiver([](int) { return AnswerOf(503); });
  Cross("all", receiver);
  clock_.now_us = kBookNowUs + kMicrosPerDay;
  const WebhookSender sender(book_, Options(receiver), clock_);
  EXPECT_EQ(AwaitSettled(book_, "all"), Delivery::kGivenUp);
  EXPECT_EQ(receiver.requests().size(), 1);
}

TEST_F(WebhookSenderTest, SendsToNoHostThatIsNoLongerAllowed) {
  Receiver receiver([](int) { return AnswerOf(200); });
  Cross("all", receiver);
  WebhookOptions options = Options(receiver);
  options.hosts = WebhookHosts();
  options.attempts_max = 2;
  const WebhookSender sender(book_, options, clock_);
  EXPECT_EQ(AwaitSettled(book_, "all"), Delivery::kGivenUp);
  EXPECT_TRUE(receiver.requests().empty());
}

TEST_F(WebhookSenderTest, AReceiverThatHangsHoldsNobodyElseUp) {
  Receiver hangs([](int) { return ""; });
  Receiver answers([](int) { return AnswerOf(200); });
  WebhookOptions options = Options(hangs);
  ASSERT_TRUE(options.hosts.Allow(answers.host()).ok());
  options.timeout = std::chrono::hours(1);
  Cross("a hangs", hangs);
  Cross("b answers", answers);
  const WebhookSender sender(book_, options, clock_);
  EXPECT_EQ(AwaitSettled(book_, "b answers"), Delivery::kSent);
  hangs.Await(1);
  EXPECT_EQ(book_.Find("a hangs")->crossings[0].delivery, Delivery::kPending);
}

TEST_F(WebhookSenderTest, GoesOnAfterARestartWithWhatWasNotSent) {
  Receiver receiver([](int nth) { return nth == 0 ? "" : AnswerOf(200); });
  WebhookOptions options = Options(receiver);
  options.timeout = std::chrono::hours(1);
  {
    Cross("all", receiver);
    const WebhookSender sender(book_, options, clock_);
    receiver.Await(1);  // It is stopped while it waits for the answer.
  }
  BudgetBook reopened(store_.Store());
  ASSERT_TRUE(reopened.Load().ok());
  const WebhookSender sender(reopened, options, clock_);
  EXPECT_EQ(AwaitSettled(reopened, "all"), Delivery::kSent);
  const std::vector<std::string> ids = Ids(receiver.requests());
  ASSERT_EQ(ids.size(), 2);
  EXPECT_EQ(ids[0], ids[1]);
}

TEST_F(WebhookSenderTest, SendsNothingAgainThatWasSentBeforeARestart) {
  Receiver receiver([](int) { return AnswerOf(200); });
  {
    Cross("all", receiver);
    const WebhookSender sender(book_, Options(receiver), clock_);
    AwaitSettled(book_, "all");
  }
  BudgetBook reopened(store_.Store());
  ASSERT_TRUE(reopened.Load().ok());
  WebhookSender sender(reopened, Options(receiver), clock_);
  ASSERT_TRUE(
      reopened.Record("all", reopened.Find("all")->generation, kBookDay, 800, kBookNowUs).ok());
  sender.Wake();
  receiver.Await(2);
  const auto requests = receiver.requests();
  EXPECT_THAT(requests[0].body, ::testing::HasSubstr("\"threshold_percent\":50"));
  EXPECT_THAT(requests[1].body, ::testing::HasSubstr("\"threshold_percent\":80"));
}

// The receiver has it, and only the book does not know it yet.
TEST_F(WebhookSenderTest, SendsNothingTwiceBecauseTheDiskIsFull) {
  Receiver receiver([](int) { return AnswerOf(200); });
  Cross("all", receiver);
  store_.SetFault(Fault::kRefused);
  const WebhookSender sender(book_, Options(receiver), clock_);
  receiver.Await(1);
  store_.AwaitRefused();
  store_.SetFault(Fault::kNone);
  EXPECT_EQ(AwaitSettled(book_, "all"), Delivery::kSent);
  EXPECT_EQ(receiver.requests().size(), 1);
}

}  // namespace
}  // namespace itemized::server
