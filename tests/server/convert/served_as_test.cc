// SPDX-License-Identifier: Apache-2.0
// How a call was served: fields on the wire, attributes in the store.

#include "storage/model/served_as.h"

#include <map>
#include <memory>
#include <string>

#include "itemized/v1/ingest.pb.h"
#include <gtest/gtest.h>

#include "server/convert/batch_decoder.h"
#include "server/convert/query_answers.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Returns the attributes with which a call is stored.
std::map<std::string, std::string> AttributesOf(const pb::Call& call) {
  pb::IngestRequest request;
  *request.mutable_batch()->add_events()->mutable_call() = call;
  const auto bytes = std::make_shared<std::string>(request.SerializeAsString());
  const auto decoded = DecodeIngestRequest({*bytes, bytes});
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  std::map<std::string, std::string> attributes;
  for (const BatchPart& part : decoded->batch.parts) {
    const CallColumns& columns = part.calls;
    for (size_t i = 0; i < columns.attribute_keys.size(); ++i) {
      attributes.emplace(columns.strings[columns.attribute_keys[i]],
                         columns.strings[columns.attribute_values[i]]);
    }
  }
  return attributes;
}

TEST(ServedAs, AnotherTierAndRegionBecomeAttributes) {
  pb::Call call;
  call.set_service_tier("flex");
  call.set_region("us");
  (*call.mutable_attributes())["tenant"] = "acme";
  EXPECT_EQ(AttributesOf(call),
            (std::map<std::string, std::string>{{std::string(kServiceTierAttribute), "flex"},
                                                {std::string(kRegionAttribute), "us"},
                                                {"tenant", "acme"}}));
}

TEST(ServedAs, TheStandardIsNotKept) {
  for (const std::string tier : {"", "standard", "default", "Standard", "auto"}) {
    for (const std::string region : {"", "global", "not_available"}) {
      pb::Call call;
      call.set_service_tier(tier);
      call.set_region(region);
      EXPECT_TRUE(AttributesOf(call).empty()) << tier << " " << region;
    }
  }
}

TEST(ServedAs, AnAnswerHasTheFieldsAgain) {
  BilledCall billed;
  billed.call.attributes = {{std::string(kRegionAttribute), "us"},
                            {std::string(kServiceTierAttribute), "flex"},
                            {"tenant", "acme"}};
  const pb::BilledCall answer = ToBilledCall(billed);
  EXPECT_EQ(answer.service_tier(), "flex");
  EXPECT_EQ(answer.region(), "us");
  EXPECT_EQ(answer.attributes_size(), 1);
  EXPECT_FALSE(ToBilledCall(BilledCall()).has_service_tier());
  EXPECT_FALSE(ToBilledCall(BilledCall()).has_region());
}

}  // namespace
}  // namespace itemized::server
