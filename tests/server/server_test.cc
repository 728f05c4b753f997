// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "tests/server/http/http_client.h"
#include "tests/server/raw_call.h"
#include "tests/server/server_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::HasSubstr;

// Returns what a server with these options says instead of starting.
std::string RefusalToStart(const ServerOptions& options) {
  const auto server = Server::Start(options);
  EXPECT_FALSE(server.ok());
  return std::string(server.status().message());
}

TEST_F(ServerTest, AnswersHealthChecks) {
  // The answer is a HealthCheckResponse whose status is SERVING.
  EXPECT_EQ(RawCall(channel_, "/grpc.health.v1.Health/Check", "").Read(), "\x08\x01");
  EXPECT_THAT(Get(http_port(), "/healthz"), HasSubstr("{\"status\":\"serving\"}"));
}

TEST_F(ServerTest, DescribesItsServicesByReflection) {
  // This ServerReflectionRequest asks for the list of services.
  const std::string services =
      RawCall(channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
              std::string("\x3a\x00", 2))
          .Read();
  EXPECT_THAT(services, HasSubstr("itemized.v1.IngestService"));
  EXPECT_THAT(services, HasSubstr("itemized.v1.QueryService"));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
}

TEST_F(ServerTest, AHealthWatchHearsOfTheDrainAndDoesNotHoldItUp) {
  RawCall watch(channel_, "/grpc.health.v1.Health/Watch", "");
  EXPECT_EQ(watch.Read(), "\x08\x01");
  EXPECT_TRUE(server_->Drain().ok());
  EXPECT_EQ(watch.Read(), "\x08\x02");  // The status is NOT_SERVING.
  EXPECT_EQ(watch.Read(), "");
}

TEST_F(ServerTest, TellsWhatItIs) {
  pb::GetServerInfoResponse info;
  grpc::ClientContext context;
  ASSERT_TRUE(info_->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.version(), Version());
  EXPECT_EQ(info.http_address(), server_->http_address());
  EXPECT_EQ(info.started_at(), FormatTime(kNowUs));
  EXPECT_GT(info.schema_version(), 0);
}

TEST_F(ServerTest, APortThatIsTakenIsRefused) {
  TemporaryDirectory other;
  ServerOptions options = Options();
  options.data_dir = other.path();
  options.grpc_address = server_->grpc_address();
  EXPECT_THAT(RefusalToStart(options),
              AllOf(HasSubstr(server_->grpc_address()), HasSubstr("is taken by another process")));
  options.grpc_address = "127.0.0.1:0";
  options.http_address = server_->http_address();
  EXPECT_THAT(RefusalToStart(options), HasSubstr("is taken by another process"));
}

TEST_F(ServerTest, ADirectoryThatIsInUseIsRefused) {
  EXPECT_THAT(RefusalToStart(Options()), HasSubstr(Options().data_dir));
}

TEST_F(ServerTest, ADirectoryThatCannotBeIsRefused) {
  ServerOptions options = Options();
  std::ofstream(directory_.path() + "/file") << "in the way";
  options.data_dir = directory_.path() + "/file/data";
  EXPECT_THAT(RefusalToStart(options), HasSubstr("cannot be created"));
}

TEST_F(ServerTest, QuestionsThatMakeNoSenseAreRefusedWithASentence) {
  pb::GetTopRequest request;
  request.set_by(pb::GROUP_BY_ATTRIBUTE);
  pb::GetTopResponse response;
  grpc::ClientContext context;
  const grpc::Status status = query_->GetTop(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("attribute_key is empty"));
}

TEST_F(ServerTest, AnUnknownRunIsNotFound) {
  pb::GetRunRequest request;
  request.set_workflow_id("nobody");
  pb::GetRunResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(query_->GetRun(&context, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, ABadRateIsRefusedByName) {
  pb::SetRatesRequest request;
  request.add_rates()->mutable_match()->set_equals("m-1");
  request.mutable_rates(0)->mutable_prices()->set_input("0.0000001");
  pb::SetRatesResponse response;
  grpc::ClientContext context;
  const grpc::Status status = rates_->SetRates(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("rates[0] (m-1).prices.input"));
}

TEST_F(ServerTest, RatesAreListedWithTheModelsTheyLack) {
  pb::WriteRequest write;
  *write.mutable_batch()->add_events()->mutable_call() = CallOf("c-1");
  *write.mutable_batch()->add_events()->mutable_call() = CallOf("c-2");
  write.mutable_batch()->mutable_events(1)->mutable_call()->set_model("m-2");
  pb::WriteResponse written;
  grpc::ClientContext write_context;
  ASSERT_TRUE(ingest_->Write(&write_context, write, &written).ok());
  SetRate();
  pb::ListRatesResponse listed;
  grpc::ClientContext context;
  ASSERT_TRUE(rates_->ListRates(&context, {}, &listed).ok());
  ASSERT_EQ(listed.rates_size(), 1);
  EXPECT_EQ(listed.rates(0).prices().input(), "1");
  ASSERT_EQ(listed.unpriced_size(), 1);
  EXPECT_EQ(listed.unpriced(0).model(), "m-2");
  EXPECT_EQ(Top().total().cost_usd(), "0.001");
}

TEST_F(ServerTest, ARateThatIsRemovedPricesNoMore) {
  SetRate();
  pb::WriteRequest write;
  *write.mutable_batch()->add_events()->mutable_call() = CallOf("c-1");
  pb::WriteResponse written;
  grpc::ClientContext write_context;
  ASSERT_TRUE(ingest_->Write(&write_context, write, &written).ok());
  EXPECT_EQ(Top().total().unpriced_calls(), 0);

  pb::RemoveRatesRequest request;
  request.add_rates()->mutable_match()->set_equals("m-1");
  request.add_rates()->mutable_match()->set_equals("nobody's");
  pb::RemoveRatesResponse response;
  grpc::ClientContext unknown_context;
  const grpc::Status unknown = rates_->RemoveRates(&unknown_context, request, &response);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(unknown.error_message(), HasSubstr("nobody's"));
  EXPECT_EQ(Top().total().unpriced_calls(), 0);

  request.mutable_rates()->RemoveLast();
  request.set_reprice(true);
  grpc::ClientContext context;
  ASSERT_TRUE(rates_->RemoveRates(&context, request, &response).ok());
  EXPECT_EQ(response.removed(), 1);
  EXPECT_EQ(response.repriced_calls(), 1);
  EXPECT_EQ(Top().total().unpriced_calls(), 1);
  EXPECT_FALSE(Top().has_repricing());
}

TEST_F(ServerTest, MoreRatesThanTheBookHoldsAreRefusedWithASentence) {
  pb::SetRatesRequest request;
  for (int i = 0; i < 30'000; ++i) {
    pb::Rate* rate = request.add_rates();
    rate->mutable_match()->set_equals("m-" + std::to_string(i));
    rate->mutable_prices()->set_input("1");
  }
  pb::SetRatesResponse response;
  grpc::ClientContext context;
  const grpc::Status status = rates_->SetRates(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("at most 20000"));
}

TEST_F(ServerTest, WhoWaitsForARepricingHoldsUpNobodyAndIsToldWhenTheServerStops) {
  for (int batch = 0; batch < 8; ++batch) {
    pb::WriteRequest write;
    for (int i = 0; i < 5'000; ++i) {
      *write.mutable_batch()->add_events()->mutable_call() =
          CallOf(std::to_string(batch) + "-" + std::to_string(i));
    }
    pb::WriteResponse written;
    grpc::ClientContext context;
    ASSERT_TRUE(ingest_->Write(&context, write, &written).ok());
  }
  constexpr int kWaiting = 12;  // There are fewer threads for questions.
  std::vector<std::thread> setters;
  std::atomic<int> answered = 0;
  for (int i = 0; i < kWaiting; ++i) {
    setters.emplace_back([&, i] {
      pb::SetRatesRequest request;
      request.add_rates()->mutable_match()->set_equals("m-1");
      request.mutable_rates(0)->mutable_prices()->set_input(std::to_string(i + 1));
      pb::SetRatesResponse response;
      grpc::ClientContext context;
      const grpc::Status status = rates_->SetRates(&context, request, &response);
      EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE)
          << status.error_message();
      ++answered;
    });
  }
  pb::GetServerInfoResponse info;
  while (answered < kWaiting && !info.has_repricing()) {
    grpc::ClientContext context;
    ASSERT_TRUE(info_->GetServerInfo(&context, {}, &info).ok());
  }
  if (info.has_repricing()) {
    EXPECT_EQ(info.repricing().calls(), 40'000);
  }
  EXPECT_EQ(Top().total().calls(), 40'000);
  EXPECT_TRUE(server_->Drain().ok());
  for (std::thread& setter : setters) {
    setter.join();
  }
  EXPECT_EQ(answered, kWaiting);
}

TEST_F(ServerTest, OutliersComeWithReceiptsAndSayWhetherTheyWereInVain) {
  SetRate();
  pb::WriteRequest usual;
  for (int i = 0; i < 30; ++i) {
    *usual.mutable_batch()->add_events()->mutable_call() = CallOf("usual-" + std::to_string(i));
  }
  pb::WriteResponse learned;
  grpc::ClientContext usual_context;
  ASSERT_TRUE(ingest_->Write(&usual_context, usual, &learned).ok());
  pb::WriteRequest write;
  *write.mutable_batch()->add_events()->mutable_call() = CallOf("c-1");
  write.mutable_batch()->mutable_events(0)->mutable_call()->mutable_usage()->set_input_tokens(
      1'000'000);
  *write.mutable_batch()->add_events()->mutable_call() = CallOf("c-2");
  write.mutable_batch()->mutable_events(1)->mutable_call()->set_step("new");
  write.mutable_batch()->mutable_events(1)->mutable_call()->mutable_usage()->set_input_tokens(
      1'000'000);
  pb::Completion* completion = write.mutable_batch()->add_events()->mutable_completion();
  completion->set_time_unix_us(kNowUs);
  completion->set_workflow_id("run-1");
  completion->set_outcome(pb::OUTCOME_ABANDONED);
  completion->add_unused_steps("plan");
  pb::WriteResponse written;
  grpc::ClientContext write_context;
  ASSERT_TRUE(ingest_->Write(&write_context, write, &written).ok());
  EXPECT_EQ(written.result().accepted(), 3) << written.DebugString();

  pb::GetOutliersResponse outliers;
  grpc::ClientContext context;
  ASSERT_TRUE(query_->GetOutliers(&context, {}, &outliers).ok());
  EXPECT_EQ(outliers.total(), 1);
  ASSERT_EQ(outliers.calls_size(), 1);
  EXPECT_EQ(outliers.calls(0).cost_usd(), "1");
  EXPECT_EQ(outliers.calls(0).receipt().sample_count(), 30);
  EXPECT_FALSE(outliers.calls(0).receipt().judged_when_priced());
  EXPECT_TRUE(outliers.calls(0).unsurfaced());
  EXPECT_EQ(outliers.learning_calls(), 1);  // Nothing is known yet of that step.
  EXPECT_EQ(outliers.unjudged_calls(), 0);
}

TEST_F(ServerTest, SeriesFollowTheDaysOfTheirZone) {
  pb::GetSeriesRequest request;
  request.set_every_us(24 * int64_t{3'600'000'000});
  request.set_time_zone("Asia/Kolkata");
  request.mutable_window()->set_last_us(3 * 24 * int64_t{3'600'000'000});
  pb::GetSeriesResponse series;
  grpc::ClientContext context;
  const grpc::Status status = query_->GetSeries(&context, request, &series);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GE(series.points_size(), 3);
  EXPECT_THAT(series.points(1).start(), HasSubstr("T00:00:00+05:30"));
}

TEST_F(ServerTest, WorkflowsAnswerOverTheSocket) {
  pb::GetWorkflowsResponse workflows;
  grpc::ClientContext context;
  ASSERT_TRUE(query_->GetWorkflows(&context, {}, &workflows).ok());
  EXPECT_EQ(workflows.rows_size(), 0);
}

TEST_F(ServerTest, WithoutAnHttpAddressThereIsNoHttp) {
  TemporaryDirectory other;
  ServerOptions options = Options();
  options.data_dir = other.path();
  options.http_address = "";
  auto server = Server::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->http_address(), "");
}

}  // namespace
}  // namespace itemized::server
