// SPDX-License-Identifier: Apache-2.0
// The commands of `itemize budgets`, and `itemize watch`.

#include <atomic>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "itemized/v1/budgets.grpc.pb.h"

#include "client/cli/execute.h"
#include "storage/base/check.h"
#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A server of budgets with canned answers.
class FakeBudgets final : public pb::BudgetService::Service {
 public:
  using Writer = grpc::ServerWriter<pb::WatchResponse>;

  FakeBudgets() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    CHECK(server_ != nullptr && port != 0);
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~FakeBudgets() override {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }
  const std::string& address() const { return address_; }

  Canned<pb::SetBudgetRequest, pb::SetBudgetResponse> set;
  Canned<pb::RemoveBudgetRequest, pb::RemoveBudgetResponse> remove;
  Canned<pb::ListBudgetsRequest, pb::ListBudgetsResponse> list;
  // What becomes of the watch of that number, from 1. If it is OK, the client has to end it.
  std::function<grpc::Status(int, const pb::WatchRequest&, Writer&)> watch;

 private:
  grpc::Status SetBudget(grpc::ServerContext*, const pb::SetBudgetRequest* q,
                         pb::SetBudgetResponse* a) override {
    return set.Answer(q, a);
  }
  grpc::Status RemoveBudget(grpc::ServerContext*, const pb::RemoveBudgetRequest* q,
                            pb::RemoveBudgetResponse* a) override {
    return remove.Answer(q, a);
  }
  grpc::Status ListBudgets(grpc::ServerContext*, const pb::ListBudgetsRequest* q,
                           pb::ListBudgetsResponse* a) override {
    return list.Answer(q, a);
  }
  grpc::Status Watch(grpc::ServerContext* context, const pb::WatchRequest* q,
                     Writer* writer) override {
    const grpc::Status status = watch(++watches_, *q, *writer);
    while (status.ok() && !context->IsCancelled()) {
      std::this_thread::yield();
    }
    return status;
  }

  std::atomic<int> watches_ = 0;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

pb::BudgetStatus StatusOf(const std::string& name) {
  pb::BudgetStatus status;
  status.mutable_budget()->set_name(name);
  status.mutable_budget()->set_amount_usd("100");
  status.mutable_budget()->set_per("month");
  status.set_period_start("2026-11-01T00:00:00+01:00");
  status.set_period_end("2026-12-01T00:00:00+01:00");
  status.set_spent_usd("99.999");
  status.set_spent_percent(99.99);
  status.set_forecast_usd("120.5");
  status.set_forecast_percent(120.5);
  status.add_crossings()->set_threshold_percent(50);
  status.add_crossings()->set_threshold_percent(80);
  return status;
}

TEST(Budgets, AreListedWithWhatIsSpentAndToBeExpected) {
  FakeBudgets server;
  *server.list.response.add_budgets() = StatusOf("all");
  *server.list.response.add_budgets() = StatusOf("acme");
  server.list.response.mutable_budgets(1)->mutable_budget()->set_attribute_key("tenant");
  server.list.response.mutable_budgets(1)->mutable_budget()->set_attribute_value("acme");
  server.list.response.mutable_budgets(1)->set_problem("The range is no longer kept.");
  const Outcome outcome = RunAt(server.address(), {"budgets", "list"}, {.width = 200});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("all calls"), HasSubstr("2026-11 "), HasSubstr("$100.00"),
                    HasSubstr("99.99%"), HasSubstr("$120.50"), HasSubstr("50% 80%"),
                    HasSubstr("tenant=acme"), HasSubstr("acme: The range is no longer kept.\n")));
  const Outcome json = RunAt(server.address(), {"budgets", "list", "--json"});
  EXPECT_THAT(json.out, HasSubstr("\"spent_usd\": \"99.999\""));
}

TEST(Budgets, SayHowToMakeOneWhenThereIsNone) {
  FakeBudgets server;
  EXPECT_THAT(RunAt(server.address(), {"budgets", "list"}).out,
              HasSubstr("itemize budgets set NAME"));
}

TEST(Budgets, AreSetAsTheOptionsSay) {
  FakeBudgets server;
  *server.set.response.mutable_status() = StatusOf("acme");
  server.set.response.add_warnings("No call has it.");
  const Outcome outcome =
      RunAt(server.address(), {"budgets", "set", "acme", "--amount", "99.50", "--per", "day",
                               "--attribute", "tenant=acme=x", "--at", "50, 80%,100", "--tz",
                               "Europe/Berlin", "--webhook", "https://h/x"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  const pb::Budget& budget = server.set.request.budget();
  EXPECT_EQ(budget.name(), "acme");
  EXPECT_EQ(budget.amount_usd(), "99.50");
  EXPECT_EQ(budget.per(), "day");
  EXPECT_EQ(budget.attribute_key(), "tenant");
  EXPECT_EQ(budget.attribute_value(), "acme=x");
  EXPECT_THAT(budget.thresholds(), ElementsAre(50, 80, 100));
  EXPECT_EQ(budget.time_zone(), "Europe/Berlin");
  EXPECT_EQ(budget.webhook(), "https://h/x");
  EXPECT_FALSE(budget.has_step());
  EXPECT_THAT(outcome.out, HasSubstr("set acme: $100.00 a month for all calls"));
  EXPECT_EQ(outcome.err, "itemize: No call has it.\n");
}

TEST(Budgets, AreNotSetIfTheLineIsWrongOrTheServerRefuses) {
  FakeBudgets server;
  const auto set = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"budgets", "set", "a"};
    words.insert(words.end(), more.begin(), more.end());
    return RunAt(server.address(), words);
  };
  EXPECT_EQ(set({}).exit_status, 2);
  EXPECT_EQ(set({"--amount", "1", "--per", "week"}).exit_status, 2);
  EXPECT_EQ(set({"--amount", "1", "--at", "many"}).exit_status, 2);
  EXPECT_EQ(set({"--amount", "1", "--attribute", "tenant"}).exit_status, 2);
  server.set.status = {grpc::StatusCode::INVALID_ARGUMENT,
                       "The amount is 0 USD; give one above 0."};
  const Outcome refused = set({"--amount", "0"});
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_THAT(refused.err, HasSubstr("give one above 0."));
  server.set.status = {grpc::StatusCode::PERMISSION_DENIED, "Webhooks to h are not allowed here."};
  EXPECT_EQ(set({"--amount", "1"}).exit_status, 3);
}

TEST(Budgets, AreRemovedByName) {
  FakeBudgets server;
  server.remove.response.mutable_removed()->set_name("acme");
  const Outcome outcome = RunAt(server.address(), {"budgets", "remove", "acme"});
  EXPECT_EQ(outcome.out, "removed acme\n");
  EXPECT_EQ(server.remove.request.name(), "acme");
  server.remove.status = {grpc::StatusCode::NOT_FOUND, "There is no budget \"acme\"."};
  EXPECT_EQ(RunAt(server.address(), {"budgets", "remove", "acme"}).exit_status, 4);
}

// Takes what is written, and presses Ctrl-C once there is a certain text.
class InterruptingBuffer final : public std::stringbuf {
 public:
  InterruptingBuffer(std::string until, std::atomic<bool>& interrupted)
      : until_(std::move(until)), interrupted_(interrupted) {}

 private:
  int sync() override {
    interrupted_ = str().find(until_) != std::string::npos;
    return 0;
  }

  const std::string until_;
  std::atomic<bool>& interrupted_;
};

// Runs `itemize watch` until it has printed `until`.
Outcome RunWatch(const std::string& address, const std::string& until,
                 const std::vector<std::string>& words = {"watch"}) {
  std::atomic<bool> interrupted = false;
  InterruptingBuffer buffer(until, interrupted);
  std::ostream out(&buffer);
  std::ostringstream err;
  Environment env;
  env.out = &out;
  env.err = &err;
  env.server = address;
  env.interrupted = &interrupted;
  Outcome outcome;
  outcome.exit_status = Execute(words, env);
  outcome.out = buffer.str();
  outcome.err = err.str();
  return outcome;
}

pb::WatchResponse Started() {
  pb::WatchResponse news;
  news.mutable_started()->set_at("2026-11-01T00:00:00Z");
  return news;
}

pb::WatchResponse OutlierNews() {
  pb::WatchResponse news;
  pb::WatchedOutlier& outlier = *news.mutable_outlier();
  outlier.set_time("2026-11-01T00:00:00Z");
  outlier.set_step("plan\x1b[31m");
  outlier.set_cost_usd("1.5");
  outlier.set_p50_usd("0.1");
  outlier.set_multiple(15);
  outlier.set_sample_count(40);
  outlier.set_workflow_id("run-1");
  outlier.set_event_id("e-1");
  return news;
}

pb::WatchResponse CrossingNews() {
  pb::WatchResponse news;
  pb::BudgetCrossing& crossing = *news.mutable_crossing();
  crossing.set_at("2026-11-01T00:00:01Z");
  crossing.set_budget("all");
  crossing.set_scope("all calls");
  crossing.set_threshold_percent(80);
  crossing.set_amount_usd("100");
  crossing.set_spent_usd("80.5");
  crossing.set_forecast_usd("120");
  crossing.set_period_end("2026-12-01T00:00:00Z");
  return news;
}

TEST(Watch, PrintsALineForEachUntilCtrlC) {
  FakeBudgets server;
  server.watch = [&](int, const pb::WatchRequest& request, FakeBudgets::Writer& writer) {
    EXPECT_EQ(request.step(), "plan");
    pb::WatchResponse missed;
    missed.mutable_missed()->set_count(1'234);
    for (const pb::WatchResponse& news : {Started(), OutlierNews(), CrossingNews(), missed}) {
      writer.Write(news);
    }
    return grpc::Status::OK;
  };
  const Outcome outcome = RunWatch(server.address(), "left out", {"watch", "--step", "plan"});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("$1.50"));
  EXPECT_THAT(outcome.out, HasSubstr("run run-1, event e-1\n"));
  EXPECT_THAT(outcome.out, HasSubstr("all: 80% of $100.00 for all calls are spent, $80.50; "
                                     "$120.00 by 2026-12-01 if it goes on so\n"));
  EXPECT_THAT(outcome.out, HasSubstr("1,234 more came faster than they were read"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
}

TEST(Watch, PrintsAnObjectOnEachLineWithJson) {
  FakeBudgets server;
  server.watch = [&](int, const pb::WatchRequest&, FakeBudgets::Writer& writer) {
    writer.Write(Started());
    writer.Write(CrossingNews());
    return grpc::Status::OK;
  };
  const Outcome outcome = RunWatch(server.address(), "crossing", {"watch", "--json"});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("{\"started\":{\"at\":\"2026-11-01T00:00:00Z\"}}\n"
                                     "{\"crossing\":{\"budget\":\"all\","));
}

TEST(Watch, GoesOnWhenTheServerIsBackAndSaysSo) {
  FakeBudgets server;
  server.watch = [&](int number, const pb::WatchRequest&, FakeBudgets::Writer& writer) {
    if (number == 2) {
      return grpc::Status(grpc::StatusCode::CANCELLED, "");  // It is about to end.
    }
    if (number == 3) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "It is starting.");
    }
    writer.Write(Started());
    writer.Write(number == 1 ? OutlierNews() : CrossingNews());
    return number == 1 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "The server is shutting down.")
                       : grpc::Status::OK;
  };
  const Outcome outcome = RunWatch(server.address(), "all: 80%");
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_THAT(outcome.err, HasSubstr("is gone; it is tried again until Ctrl-C.\n"));
  EXPECT_THAT(outcome.err, HasSubstr("is back; what came meanwhile is not shown.\n"));
  EXPECT_THAT(outcome.out, HasSubstr("event e-1\n"));
}

TEST(Watch, FailsIfThereIsNoServerOrItRefuses) {
  EXPECT_EQ(RunWatch(AbsentAddress(), "nothing").exit_status, 3);
  FakeBudgets server;
  server.watch = [](int, const pb::WatchRequest&, FakeBudgets::Writer&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "64 clients watch already.");
  };
  const Outcome outcome = RunWatch(server.address(), "nothing");
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_THAT(outcome.err, HasSubstr("64 clients watch already."));
}

}  // namespace
}  // namespace itemized::cli
