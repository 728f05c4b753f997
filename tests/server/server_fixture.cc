// SPDX-License-Identifier: Apache-2.0
#include "tests/server/server_fixture.h"

#include <stdlib.h>

#include <filesystem>

#include "server/address.h"
#include "storage/base/check.h"

namespace itemized::server {

namespace pb = itemized::v1;

TemporaryDirectory::TemporaryDirectory() : path_(testing::TempDir() + "itemized-XXXXXX") {
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::filesystem::remove_all(path_);
}

ServerTest::ServerTest() {
  Start();
}

ServerOptions ServerTest::Options() const {
  ServerOptions options;
  options.data_dir = directory_.path() + "/data";
  options.grpc_address = "127.0.0.1:0";
  options.http_address = "127.0.0.1:0";
  options.clock = &clock_;
  options.drain_timeout = std::chrono::hours(1);  // A call that holds a drain up fails its test.
  return options;
}

void ServerTest::Start() {
  auto server = Server::Start(Options());
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  channel_ = grpc::CreateChannel(server_->grpc_address(), grpc::InsecureChannelCredentials());
  ingest_ = pb::IngestService::NewStub(channel_);
  query_ = pb::QueryService::NewStub(channel_);
  rates_ = pb::RatesService::NewStub(channel_);
  info_ = pb::ServerInfoService::NewStub(channel_);
}

uint16_t ServerTest::http_port() const {
  return ParseAddress(server_->http_address())->port;
}

pb::Call ServerTest::CallOf(const std::string& event_id) {
  pb::Call call;
  call.set_event_id(event_id);
  call.set_time_unix_us(kNowUs - 1'000'000);
  call.set_workflow("ticket");
  call.set_workflow_id("run-1");
  call.set_step("plan");
  call.set_provider("acme");
  call.set_model("m-1");
  call.mutable_usage()->set_input_tokens(1000);
  call.set_duration_us(2000);
  return call;
}

void ServerTest::SetRate() {
  pb::SetRatesRequest request;
  request.add_rates()->mutable_match()->set_equals("m-1");
  request.mutable_rates(0)->mutable_prices()->set_input("1");
  pb::SetRatesResponse response;
  grpc::ClientContext context;
  const grpc::Status status = rates_->SetRates(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.added(), 1);
}

pb::GetTopResponse ServerTest::Top() {
  pb::GetTopResponse response;
  grpc::ClientContext context;
  const grpc::Status status = query_->GetTop(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

}  // namespace itemized::server
