// SPDX-License-Identifier: Apache-2.0
// What explains prices over HTTP, compared with the same answers through gRPC.

#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>

#include "tests/server/http_api_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kJson[] = "Content-Type: application/json\r\n";

class HttpExplain : public HttpApi {
 protected:
  void SetUp() override {
    HttpApi::SetUp();
    const std::string rates = R"({"rates":[
        {"match":{"equals":"m"},"currency":"EUR","prices":{"input":"3","output":"15"}},
        {"match":{"equals":"m"},"service_tier":"flex","multiplier":"0.5"},
        {"match":{"regex":"^"},"attribute_key":"tenant","attribute_value":"acme","multiplier":"0.8"}],
      "exchange_rates":[{"currency":"EUR","usd":"1.1"}]})";
    ASSERT_THAT(Post("/api/v1/rates", rates, kJson), HasSubstr("\"added\":4"));
    ASSERT_THAT(Post("/api/v1/events", kCalls), HasSubstr("\"accepted\":3"));
  }

  static constexpr char kCalls[] =
      R"({"event_id":"c-1","time":"2026-10-10T00:00:00Z","workflow_id":"r","step":"s","model":"m",)"
      R"("service_tier":"flex","usage":{"input_tokens":8400},"attributes":{"tenant":"acme"}})"
      "\n"
      R"({"event_id":"c-2","time":"2026-10-10T00:00:00Z","workflow_id":"r","step":"s","model":"m2",)"
      R"("usage":{"input_tokens":7}})"
      "\n"
      R"({"event_id":"c-3","time":"2026-10-10T00:00:00Z","workflow_id":"r","step":"s","model":"m",)"
      R"("service_tier":"batch","usage":{"input_tokens":8}})"
      "\n";
};

TEST_F(HttpExplain, ACallIsExplainedAsOverGrpc) {
  pb::ExplainCallRequest request;
  request.set_event_id("c-1");
  request.set_workflow_id("r");
  pb::ExplainCallResponse explained;
  grpc::ClientContext context;
  ASSERT_TRUE(rates_->ExplainCall(&context, request, &explained).ok());
  // $3.30 by the exchange rate, $1.65 for flex, $1.32 for the tenant.
  ASSERT_EQ(explained.lines_size(), 1);
  EXPECT_EQ(explained.lines(0).list_price(), "3");
  EXPECT_EQ(explained.lines(0).price_usd(), "1.32");
  EXPECT_EQ(explained.cost_usd(), "0.011088");
  EXPECT_EQ(explained.call().cost_usd(), "0.011088");
  EXPECT_FALSE(explained.differs());
  EXPECT_EQ(explained.exchange().usd(), "1.1");
  ASSERT_EQ(explained.multipliers_size(), 2);
  EXPECT_EQ(explained.multipliers(0).rate().service_tier(), "flex");
  EXPECT_EQ(explained.multipliers(1).rate().attribute_value(), "acme");
  EXPECT_EQ(Ask("/api/v1/explain?event_id=c-1&workflow_id=r"), Json(explained));
  EXPECT_THAT(Ask("/api/v1/explain?event_id=c-1"), HasSubstr("\"runs\":[\"r\"]"));
}

TEST_F(HttpExplain, ACallThatIsNotThereIsNotFoundAndAQuestionWithoutOneIsRefused) {
  EXPECT_THAT(Get(http_port(), "/api/v1/explain?event_id=none"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get(http_port(), "/api/v1/explain?event_id=c-1&workflow_id=x"),
              StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get(http_port(), "/api/v1/explain"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpExplain, MissingRatesAndRunsSayWhyCallsHaveNoPrice) {
  const std::string missing = Ask("/api/v1/rates/missing?from=2026-10-01&to=2026-11-01");
  EXPECT_THAT(missing, AllOf(HasSubstr("\"model\":\"m2\",\"reason\":\"no rate for the model\""),
                             HasSubstr("\"service_tier\":\"batch\""),
                             HasSubstr("\"reason\":\"no rate for service tier batch\""),
                             HasSubstr("\"nearest\":[\"m\"]")));
  EXPECT_THAT(Ask("/api/v1/runs/r"),
              HasSubstr("\"unpriced_reason\":\"no rate for service tier batch\""));
  EXPECT_THAT(Ask("/api/v1/rates"),
              AllOf(HasSubstr("\"reason\":\"no rate for some of its calls\""),
                    HasSubstr("\"exchange_rates\":[{\"currency\":\"EUR\",\"usd\":\"1.1\"")));
}

}  // namespace
}  // namespace itemized::server
