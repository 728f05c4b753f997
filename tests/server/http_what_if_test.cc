// SPDX-License-Identifier: Apache-2.0
// What changes would have saved, over HTTP and gRPC.

#include <string>

#include "absl/strings/str_cat.h"
#include "itemized/v1/analysis.grpc.pb.h"
#include "proto/text/change.h"
#include <gmock/gmock.h>

#include "tests/server/http_api_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kJson[] = "Content-Type: application/json\r\n";
constexpr char kNovember[] = "/api/v1/what-if?from=2026-11-01&to=2026-11-02";

class HttpWhatIf : public HttpApi {
 protected:
  void SetUp() override {
    HttpApi::SetUp();
    const std::string rates = R"({"rates":[
        {"match":{"equals":"m"},"prices":{"input":"3"}},
        {"match":{"equals":"small"},"prices":{"input":"1"}}]})";
    ASSERT_THAT(Post("/api/v1/rates", rates, kJson), HasSubstr("\"added\":2"));
    ASSERT_THAT(Post("/api/v1/events", kLine), HasSubstr("\"accepted\":1"));
  }

  // Asks over gRPC for the day of the call.
  grpc::Status Ask(const std::vector<std::string>& changes, pb::WhatIfResponse* response) {
    pb::WhatIfRequest request;
    constexpr int64_t kNovemberUs = 1'793'491'200'000'000;
    request.mutable_window()->set_start_unix_us(kNovemberUs);
    request.mutable_window()->set_end_unix_us(kNovemberUs + 86'400'000'000);
    for (const std::string& change : changes) {
      *request.add_changes() = *text::ParseChange(change);
    }
    const auto stub = pb::AnalysisService::NewStub(channel_);
    grpc::ClientContext context;
    return stub->WhatIf(&context, request, response);
  }
};

TEST_F(HttpWhatIf, SaysWhatGrpcSaysInTheOrderOfTheChanges) {
  pb::WhatIfResponse response;
  ASSERT_TRUE(Ask({"gate:plan:skip=0.5,cost=0.25,setup=10", "model:plan=small"}, &response).ok());
  EXPECT_EQ(response.before_usd(), "3");
  EXPECT_EQ(response.after_usd(), "0.75");
  EXPECT_EQ(response.saving_usd(), "2.25");
  ASSERT_EQ(response.changes_size(), 2);
  EXPECT_EQ(response.changes(0).change(), "--gate plan:skip=0.5,cost=0.25,setup=10");
  EXPECT_EQ(response.changes(0).saving_usd(), "1.25");
  EXPECT_EQ(response.changes(0).gate().break_even_skip(), "0.083333333333");
  EXPECT_EQ(response.changes(0).gate().break_even_calls(), 8);
  EXPECT_EQ(response.changes(1).change(), "--model plan=small");
  EXPECT_EQ(response.changes(1).saving_usd(), "1");
  EXPECT_THAT(response.assumptions(),
              ::testing::Contains(HasSubstr("Whether the answers of \"small\" are good enough")));
  EXPECT_EQ(
      HttpApi::Ask(absl::StrCat(
          kNovember, "&change=gate:plan:skip=0.5,cost=0.25,setup=10&change=model:plan=small")),
      Json(response));
}

TEST_F(HttpWhatIf, RefusesWithASentence) {
  EXPECT_THAT(Get(http_port(), absl::StrCat(kNovember, "&change=drop:plam")),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("did you mean \\\"plan\\\"")));
  EXPECT_THAT(Get(http_port(), absl::StrCat(kNovember, "&change=gate:plan:skip=1.5")),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("from 0 to 1")));
  EXPECT_THAT(Get(http_port(), absl::StrCat(kNovember, "&change=plan")),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("begin with its kind")));
  pb::WhatIfResponse response;
  EXPECT_EQ(Ask({"model:plan=large"}, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace itemized::server
