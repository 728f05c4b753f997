// SPDX-License-Identifier: Apache-2.0
// Budgets and those who watch, over gRPC and HTTP, on a whole server.

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "itemized/v1/budgets.grpc.pb.h"
#include <gmock/gmock.h>

#include "storage/base/money.h"
#include "tests/server/budgets/receiver.h"
#include "tests/server/http_api_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The clock of the fixture stands in 2026-11-01, near its beginning.
class ServerBudgets : public HttpApi {
 protected:
  ServerBudgets() { Connect(); }

  void Connect() { budgets_ = pb::BudgetService::NewStub(channel_); }

  void Restart(const BudgetOptions& budgets) {
    server_.reset();
    ServerOptions options = Options();
    options.budgets = budgets;
    auto server = Server::Start(std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->grpc_address(), grpc::InsecureChannelCredentials());
    ingest_ = pb::IngestService::NewStub(channel_);
    query_ = pb::QueryService::NewStub(channel_);
    rates_ = pb::RatesService::NewStub(channel_);
    Connect();
  }

  static pb::Budget BudgetOf(const std::string& name, const std::string& amount_usd) {
    pb::Budget budget;
    budget.set_name(name);
    budget.set_amount_usd(amount_usd);
    budget.set_per("month");
    return budget;
  }

  grpc::Status Set(const pb::Budget& budget, pb::SetBudgetResponse* response) {
    pb::SetBudgetRequest request;
    *request.mutable_budget() = budget;
    grpc::ClientContext context;
    return budgets_->SetBudget(&context, request, response);
  }
  pb::SetBudgetResponse Set(const pb::Budget& budget) {
    pb::SetBudgetResponse response;
    const grpc::Status status = Set(budget, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string WhyNot(const pb::Budget& budget) {
    pb::SetBudgetResponse response;
    return Set(budget, &response).error_message();
  }
  pb::ListBudgetsResponse List() {
    pb::ListBudgetsResponse response;
    grpc::ClientContext context;
    const grpc::Status status = budgets_->ListBudgets(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // Waits until a budget, the first by name, has so many crossings.
  pb::BudgetStatus AwaitCrossings(int count) {
    while (true) {
      const pb::ListBudgetsResponse list = List();
      if (list.budgets(0).crossings_size() >= count) {
        return list.budgets(0);
      }
      std::this_thread::yield();
    }
  }

  // Writes calls whose input tokens are these; a token costs a millionth of a dollar.
  void Write(const std::vector<int64_t>& tokens, const std::string& step = "plan",
             const std::string& tenant = "") {
    pb::WriteRequest request;
    for (const int64_t count : tokens) {
      pb::Call& call = *request.mutable_batch()->add_events()->mutable_call();
      call = CallOf(absl::StrCat("e", ++written_));
      call.set_step(step);
      call.mutable_usage()->set_input_tokens(count);
      if (!tenant.empty()) {
        (*call.mutable_attributes())["tenant"] = tenant;
      }
    }
    pb::WriteResponse response;
    grpc::ClientContext context;
    const grpc::Status status = ingest_->Write(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.result().accepted(), static_cast<int64_t>(tokens.size()));
  }

  // A watch that has begun.
  struct OpenWatch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<pb::WatchResponse>> reader;

    pb::WatchResponse Next() {
      pb::WatchResponse response;
      EXPECT_TRUE(reader->Read(&response));
      return response;
    }
  };
  std::unique_ptr<OpenWatch> Watch(const std::string& step = "") {
    auto watch = std::make_unique<OpenWatch>();
    pb::WatchRequest request;
    if (!step.empty()) {
      request.set_step(step);
    }
    watch->reader = budgets_->Watch(&watch->context, request);
    EXPECT_TRUE(watch->Next().has_started());
    return watch;
  }

  std::unique_ptr<pb::BudgetService::Stub> budgets_;
  int written_ = 0;
};

TEST_F(ServerBudgets, StandToTheLastDigitAsARankingSays) {
  SetRate();
  Write({1'000, 333, 7}, "plan", "acme");
  Write({50}, "answer", "acme");
  Write({11}, "plan", "other");
  pb::Budget of_step = BudgetOf("a step", "1");
  of_step.set_step("plan");
  pb::Budget of_tenant = BudgetOf("b tenant", "1");
  of_tenant.set_attribute_key("tenant");
  of_tenant.set_attribute_value("acme");
  pb::Budget of_workflow = BudgetOf("c workflow", "1");
  of_workflow.set_workflow("ticket");
  of_workflow.set_time_zone("Asia/Kathmandu");
  pb::Budget of_model = BudgetOf("d model", "1");
  of_model.set_model("m-1");
  for (const pb::Budget& budget :
       {of_step, of_tenant, of_workflow, of_model, BudgetOf("e all", "1")}) {
    Set(budget);
  }
  const pb::ListBudgetsResponse list = List();
  ASSERT_EQ(list.budgets_size(), 5);
  // The sums by hand, in millionths of a dollar: 1000+333+7+11, 1000+333+7+50, and all of them.
  EXPECT_EQ(list.budgets(0).spent_usd(), "0.001351");
  EXPECT_EQ(list.budgets(1).spent_usd(), "0.00139");
  for (int i = 2; i < 5; ++i) {
    EXPECT_EQ(list.budgets(i).spent_usd(), "0.001401") << i;
  }
  EXPECT_EQ(list.budgets(4).spent_usd(), Top().total().cost_usd());
  EXPECT_EQ(list.budgets(4).period_start(), "2026-11-01T00:00:00Z");
  EXPECT_EQ(list.budgets(4).period_end(), "2026-12-01T00:00:00Z");
  EXPECT_EQ(list.budgets(2).period_start(), "2026-11-01T00:00:00+05:45");
}

TEST_F(ServerBudgets, SayWhatIsNotPriced) {
  Write({1'000});
  Set(BudgetOf("all", "1"));
  EXPECT_EQ(List().budgets(0).spent_usd(), "0");
  EXPECT_EQ(List().budgets(0).unpriced_calls(), 1);
}

TEST_F(ServerBudgets, AreCrossedOnceOverARestart) {
  SetRate();
  BudgetOptions often;
  often.look_every = std::chrono::milliseconds(5);
  Restart(often);
  Set(BudgetOf("all", "0.001"));
  const auto watch = Watch();
  Write({600});
  pb::WatchResponse news = watch->Next();
  EXPECT_EQ(news.crossing().threshold_percent(), 50);
  EXPECT_EQ(news.crossing().spent_usd(), "0.0006");
  Write({300});
  EXPECT_EQ(watch->Next().crossing().threshold_percent(), 80);
  Restart(often);
  EXPECT_EQ(List().budgets(0).crossings_size(), 2);
  const auto after = Watch();
  Write({50});
  Write({50});
  news = after->Next();
  EXPECT_EQ(news.crossing().threshold_percent(), 100);
  EXPECT_EQ(AwaitCrossings(3).crossings(2).threshold_percent(), 100);
}

TEST_F(ServerBudgets, TellTheWebhookOfEachCrossing) {
  Receiver receiver([](int nth) { return AnswerOf(nth == 0 ? 500 : 200); });
  BudgetOptions options;
  options.look_every = std::chrono::milliseconds(5);
  options.webhooks.secret = "a secret of the test";
  options.webhooks.first_wait = std::chrono::milliseconds(1);
  ASSERT_TRUE(options.webhooks.hosts.Allow(receiver.host()).ok());
  Restart(options);
  SetRate();
  pb::Budget budget = BudgetOf("all", "0.001");
  budget.set_webhook(receiver.url());
  budget.add_thresholds(75);
  Set(budget);
  Write({800});
  const auto requests = receiver.Await(2);
  EXPECT_EQ(requests[0].headers.at("idempotency-key"), requests[1].headers.at("idempotency-key"));
  EXPECT_THAT(requests[1].body, HasSubstr("\"spent_usd\":\"0.0008\""));
  while (List().budgets(0).crossings(0).delivery() != "sent") {
    std::this_thread::yield();
  }
}

TEST_F(ServerBudgets, RefuseWhatCannotBeMeant) {
  pb::Budget budget = BudgetOf("all", "100");
  budget.set_webhook("http://169.254.169.254/latest");
  EXPECT_THAT(WhyNot(budget), HasSubstr("--webhook-allow 169.254.169.254"));
  budget = BudgetOf("all", "100");
  budget.set_per("week");
  EXPECT_EQ(WhyNot(budget), "The period \"week\" is unknown; a budget is per day or per month.");
  EXPECT_THAT(WhyNot(BudgetOf("all", "0.0000000000001")), HasSubstr("round it."));
  EXPECT_THAT(WhyNot(BudgetOf("all", "-1")), HasSubstr("give one above 0."));
  EXPECT_THAT(WhyNot(BudgetOf("all", "")), HasSubstr("has no amount"));
  EXPECT_THAT(WhyNot(BudgetOf("", "1")), HasSubstr("is empty"));
  budget = BudgetOf("all", "1");
  budget.set_step("a");
  budget.set_model("b");
  EXPECT_THAT(WhyNot(budget), HasSubstr("make a budget for each"));
  budget = BudgetOf("all", "1");
  budget.set_time_zone("Mars/Olympus");
  EXPECT_THAT(WhyNot(budget), HasSubstr("is not known"));
  EXPECT_EQ(List().budgets_size(), 0);
}

TEST_F(ServerBudgets, WarnOfAStepThatNoCallHasYet) {
  Write({1}, "planning");
  pb::Budget budget = BudgetOf("b", "1");
  budget.set_step("planing");
  const pb::SetBudgetResponse response = Set(budget);
  ASSERT_EQ(response.warnings_size(), 1);
  EXPECT_EQ(response.warnings(0),
            "No call of the last 30 days has the step planing. Did you mean \"planning\"?");
  budget.set_step("planning");
  EXPECT_EQ(Set(budget).warnings_size(), 0);
}

TEST_F(ServerBudgets, ShowEachOutlierToWhoWatchesWhateverItsTime) {
  SetRate();
  Write(std::vector<int64_t>(40, 10));
  const auto all = Watch();
  const auto other = Watch("other step");
  Write({10, 1'000, 10});
  const pb::WatchResponse news = all->Next();
  ASSERT_TRUE(news.has_outlier());
  EXPECT_EQ(news.outlier().step(), "plan");
  EXPECT_EQ(news.outlier().event_id(), "e42");
  EXPECT_EQ(news.outlier().workflow_id(), "run-1");
  EXPECT_EQ(news.outlier().cost_usd(), "0.001");
  EXPECT_EQ(news.outlier().p50_usd(), "0.00001");
  EXPECT_EQ(news.outlier().threshold_usd(), "0.00005");
  EXPECT_EQ(news.outlier().multiple(), 100);
  // Another rate changes what it cost, and does not make it a new outlier.
  pb::SetRatesRequest request;
  request.set_reprice(true);
  request.add_rates()->mutable_match()->set_equals("m-1");
  request.mutable_rates(0)->mutable_prices()->set_input("2");
  pb::SetRatesResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(rates_->SetRates(&context, request, &response).ok());
  Write({5'000});
  EXPECT_EQ(all->Next().outlier().event_id(), "e44");
  other->context.TryCancel();
}

TEST_F(ServerBudgets, EndTheWatchWhenTheServerShutsDown) {
  const auto watch = Watch();
  std::thread drain([&] { EXPECT_TRUE(server_->Drain().ok()); });
  pb::WatchResponse response;
  EXPECT_FALSE(watch->reader->Read(&response));
  const grpc::Status status = watch->reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "The server is shutting down; watch the next one.");
  drain.join();
}

TEST_F(ServerBudgets, RefuseMoreWatchersThanThereMayBe) {
  BudgetOptions options;
  options.watchers_max = 1;
  Restart(options);
  const auto watch = Watch();
  grpc::ClientContext context;
  const auto reader = budgets_->Watch(&context, {});
  pb::WatchResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServerBudgets, AreListedSetAndRemovedOverHttp) {
  const std::string set =
      Post("/api/v1/budgets", R"({"name":"all","amount_usd":"12.50","per":"day"})",
           "Content-Type: application/json\r\n");
  EXPECT_THAT(set, HasSubstr("200 OK"));
  EXPECT_EQ(Ask("/api/v1/budgets"), Json(List()));
  EXPECT_THAT(Ask("/api/v1/budgets"), HasSubstr(R"("amount_usd":"12.5","per":"day")"));
  EXPECT_THAT(Ask("/metrics"), HasSubstr("itemized_budget_amount_usd{budget=\"all\"} 12.5\n"));
  EXPECT_THAT(Ask("/metrics"), HasSubstr("itemized_budget_spent_usd{budget=\"all\"} 0\n"));
  EXPECT_THAT(Post("/api/v1/budgets", "{\"x\":1}", "Content-Type: application/json\r\n"),
              HasSubstr("400"));
  EXPECT_THAT(Post("/api/v1/budgets", "{}", "Content-Type: text/plain\r\n"), HasSubstr("415"));
  const auto remove = [&](const std::string& query) {
    return Exchange(http_port(), absl::StrCat("DELETE /api/v1/budgets", query,
                                              " HTTP/1.1\r\nHost: localhost\r\nConnection: "
                                              "close\r\n\r\n"));
  };
  EXPECT_THAT(remove("?name=al"), HasSubstr("404"));
  EXPECT_THAT(remove("?name=all"), HasSubstr("200 OK"));
  EXPECT_EQ(List().budgets_size(), 0);
}

TEST_F(ServerBudgets, AreStillThereAfterAVerify) {
  Set(BudgetOf("all", "1"));
  Set(BudgetOf("gone", "1"));
  pb::RemoveBudgetRequest request;
  request.set_name("gone");
  pb::RemoveBudgetResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(budgets_->RemoveBudget(&context, request, &response).ok());
  EXPECT_EQ(response.removed().name(), "gone");
  server_.reset();
  DatabaseOptions options;
  options.directory = Options().data_dir;
  options.clock = &clock_;
  auto database = Database::Open(options);
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_TRUE((*database)->VerifyViews().ok());
}

}  // namespace
}  // namespace itemized::server
