// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/connection.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "storage/base/check.h"
#include "tests/client/cpp/fake_ingest_server.h"

namespace itemized::client {
namespace {

using ::testing::HasSubstr;

// Answers GetTop with a row named as the attribute asked for; all else fails.
class FakeQueryServer final : public pb::QueryService::Service {
 public:
  FakeQueryServer() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    CHECK(server_ != nullptr);
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  const std::string& address() const { return address_; }

  grpc::Status GetTop(grpc::ServerContext*, const pb::GetTopRequest* request,
                      pb::GetTopResponse* response) override {
    response->add_rows()->set_key(request->attribute_key());
    return grpc::Status::OK;
  }

  grpc::Status GetWorkflows(grpc::ServerContext*, const pb::GetWorkflowsRequest*,
                            pb::GetWorkflowsResponse*) override {
    return {grpc::StatusCode::UNAVAILABLE, "The disk is full; free some space."};
  }

  grpc::Status GetRun(grpc::ServerContext*, const pb::GetRunRequest* request,
                      pb::GetRunResponse*) override {
    return {grpc::StatusCode::NOT_FOUND, "No run " + request->workflow_id() + "."};
  }

 private:
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

TEST(Connection, HandsTheAnswerOfTheServerOn) {
  FakeQueryServer server;
  pb::GetTopRequest request;
  request.set_attribute_key("tenant");
  const auto top = Connection::Open(server.address())->GetTop(request);
  ASSERT_TRUE(top.ok()) << top.status();
  ASSERT_EQ(top->rows_size(), 1);
  EXPECT_EQ(top->rows(0).key(), "tenant");
}

TEST(Connection, KeepsTheServersCodeAndSentence) {
  FakeQueryServer server;
  pb::GetRunRequest request;
  request.set_workflow_id("run-1");
  EXPECT_EQ(Connection::Open(server.address())->GetRun(request).status(),
            absl::NotFoundError("No run run-1."));
}

TEST(Connection, KeepsTheSentenceOfAServerThatIsUnavailable) {
  FakeQueryServer server;
  EXPECT_EQ(Connection::Open(server.address())->GetWorkflows({}).status(),
            absl::UnavailableError("The disk is full; free some space."));
}

TEST(Connection, SaysWhatAServerCannotDo) {
  FakeQueryServer server;
  EXPECT_EQ(Connection::Open(server.address())->ListRates().status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(Connection, NamesTheAddressIfNoServerAnswers) {
  const std::string address = AbsentAddress();
  const auto connection = Connection::Open(address);
  for (const absl::Status& status :
       {connection->GetTop({}).status(), connection->GetWorkflows({}).status(),
        connection->GetRun({}).status(), connection->GetSeries({}).status(),
        connection->GetOutliers({}).status(), connection->ListRates().status(),
        connection->SetRates({}).status(), connection->GetServerInfo().status(),
        connection->Write({}).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr(address));
  }
}

TEST(Connection, ReachesAServerThatStartsLater) {
  const std::string address = AbsentAddress();
  const auto connection = Connection::Open(address);
  EXPECT_EQ(connection->WaitReady(absl::Milliseconds(1)).code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(connection->Write({}).ok());
  FakeStore store;
  const int port = std::stoi(address.substr(address.find(':') + 1));
  FakeIngestServer server(store, port);
  EXPECT_TRUE(connection->WaitReady(absl::Seconds(60)).ok());
  EXPECT_TRUE(connection->Write({}).ok());
}

}  // namespace
}  // namespace itemized::client
