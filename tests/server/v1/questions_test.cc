// SPDX-License-Identifier: Apache-2.0
// These tests ask over gRPC about a log that takes long to read, and while calls are priced again.

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "server/grpc/query_service.h"
#include "server/v1/analyses.h"
#include "server/v1/methods.h"
#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/long_log_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using Instant = std::chrono::steady_clock::time_point;
using testing::kMinuteUs;
using testing::kNowUs;
using testing::MakeCall;
using testing::Tap;
using testing::TappedKv;
using testing::Value;

const Principal kLocal = Principal::Local();
constexpr int kHours = 50;
constexpr int kTries = 20;
constexpr std::chrono::milliseconds kTimeMax(100);

// The window cuts days, so that the log is read for what is no whole day.
pb::WindowSpec Cut() {
  pb::WindowSpec window;
  window.set_start_unix_us(kNowUs - kHours * kMicrosPerHour);
  window.set_end_unix_us(kNowUs - 2 * kMicrosPerHour);
  return window;
}

class QuestionsTest : public testing::LongLogTest {
 protected:
  QuestionsTest() : LongLogTest(kHours) {}
};

class QuestionsOverGrpc : public QuestionsTest {
 protected:
  void SetUp() override {
    QuestionsTest::SetUp();
    service_ = std::make_unique<QueryService>(db(), pool_);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = pb::QueryService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    server_->Shutdown(std::chrono::system_clock::now());
    QuestionsTest::TearDown();
  }

  // Asks with a log of which no block is read before a question has taken longer than it may, by
  // however many threads, until the log is read at all. Says how it ends, and how many blocks were
  // read.
  template <typename Request, typename Response>
  std::pair<grpc::StatusCode, int> Ask(grpc::Status (pb::QueryService::Stub::*method)(
                                           grpc::ClientContext*, const Request&, Response*),
                                       const Request& request) {
    std::atomic<int> read = 0;
    std::once_flag begun;
    Instant until;
    tap_.read = [&] {
      ++read;
      std::call_once(begun, [&] { until = std::chrono::steady_clock::now() + kTimeMax; });
      while (std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
      }
    };
    grpc::StatusCode code = grpc::StatusCode::OK;
    for (int tries = 0; read == 0 && tries < kTries; ++tries) {
      grpc::ClientContext context;
      Response response;
      code = (stub_.get()->*method)(&context, request, &response).error_code();
    }
    return {code, read};
  }

  template <typename Request, typename Response>
  void ExpectGivesUp(const char* question,
                     grpc::Status (pb::QueryService::Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                     const Request& request) {
    const auto [code, read] = Ask(method, request);
    EXPECT_EQ(code, grpc::StatusCode::DEADLINE_EXCEEDED) << question;
    EXPECT_GT(read, 0) << question;
    EXPECT_LT(read, 8) << question << " went on reading";
  }

  WorkerPool workers_{1, 1};
  MemoryBudget memory_{int64_t{1} << 30};
  CallPool pool_{workers_, memory_, kTimeMax};
  std::unique_ptr<QueryService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<pb::QueryService::Stub> stub_;
};

TEST_F(QuestionsOverGrpc, AllGiveUpWhileTheyReadTheLog) {
  using Stub = pb::QueryService::Stub;
  pb::GetTopRequest top;
  *top.mutable_window() = Cut();
  ExpectGivesUp("a ranking", &Stub::GetTop, top);
  top.set_by(pb::GROUP_BY_ATTRIBUTE);
  top.set_attribute_key("tenant");
  ExpectGivesUp("a ranking by attribute", &Stub::GetTop, top);
  pb::GetSeriesRequest series;
  *series.mutable_window() = Cut();
  series.set_every_us(kMicrosPerHour);
  series.set_by(pb::GROUP_BY_ATTRIBUTE);
  series.set_attribute_key("tenant");
  ExpectGivesUp("a series", &Stub::GetSeries, series);
  pb::GetOutliersRequest outliers;
  *outliers.mutable_window() = Cut();
  ExpectGivesUp("outliers", &Stub::GetOutliers, outliers);
  outliers.set_order(pb::OUTLIER_ORDER_COST);
  ExpectGivesUp("the dearest outliers", &Stub::GetOutliers, outliers);
  pb::GetDistributionRequest distribution;
  *distribution.mutable_window() = Cut();
  distribution.set_step("planning");
  ExpectGivesUp("a distribution", &Stub::GetDistribution, distribution);
  pb::GetRunRequest run;
  run.set_workflow_id("run-long");
  ExpectGivesUp("a run", &Stub::GetRun, run);
}

// Some calls have their new cost while the questions are asked, and others the old one.
TEST_F(QuestionsTest, AreAnsweredWithHowFarARepricingIs) {
  std::promise<void> begun;
  std::promise<void> may_go_on;
  std::atomic<int> read = 0;
  tap_.read = [&, go_on = may_go_on.get_future().share()] {
    if (++read == 1) {
      begun.set_value();
      go_on.wait();
    }
  };
  std::promise<absl::StatusOr<RateChange>> changed;
  db().SetRates({testing::MakeRate("claude-sonnet-4-6", 2, 2)}, Reprice::kAll,
                [&](absl::StatusOr<RateChange> change) { changed.set_value(std::move(change)); });
  begun.get_future().wait();
  const auto expect_told = [](const auto& answer, const char* question) {
    ASSERT_TRUE(answer.ok()) << question;
    ASSERT_TRUE(answer->has_repricing()) << question;
    EXPECT_EQ(answer->repricing().calls(), 4 * kHours) << question;
    EXPECT_EQ(answer->repricing().done(), 0) << question;
  };
  pb::GetRunRequest run;
  run.set_workflow_id("run-long");
  pb::GetDistributionRequest distribution;
  distribution.set_step("planning");
  pb::GetSeriesRequest series;
  series.set_every_us(kMicrosPerDay);
  expect_told(GetTop(kLocal, db(), {}, nullptr), "a ranking");
  expect_told(GetWorkflows(kLocal, db(), {}, nullptr), "workflows");
  expect_told(GetRun(kLocal, db(), run, nullptr), "a run");
  expect_told(GetSeries(kLocal, db(), series, nullptr), "a series");
  expect_told(GetOutliers(kLocal, db(), {}, nullptr), "outliers");
  expect_told(GetDistribution(kLocal, db(), distribution, nullptr), "a distribution");
  expect_told(GetWasted(kLocal, db(), {}, nullptr), "what was wasted");
  pb::CompareRequest compare;
  compare.mutable_before()->mutable_filter()->set_step("a");
  compare.mutable_after()->mutable_filter()->set_step("b");
  expect_told(Compare(kLocal, db(), compare, nullptr), "a comparison");
  EXPECT_TRUE(Value(GetServerInfo(kLocal, db(), {})).has_repricing());
  may_go_on.set_value();
  EXPECT_EQ(Value(changed.get_future().get()).repriced_calls, 4 * kHours);
  EXPECT_FALSE(Value(GetTop(kLocal, db(), {}, nullptr)).has_repricing());
}

}  // namespace
}  // namespace itemized::server
