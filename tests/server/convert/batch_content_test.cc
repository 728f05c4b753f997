// SPDX-License-Identifier: Apache-2.0
// These tests are about what a batch is known by, should it be sent again.

#include <memory>
#include <string>
#include <vector>

#include "itemized/v1/ingest.pb.h"
#include <gtest/gtest.h>

#include "server/convert/batch_decoder.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

uint64_t ContentOf(const std::vector<std::string>& attributes, const std::string& step = "plan") {
  // The message is written by hand, since protobuf sorts a map when it likes.
  std::string call;
  const auto append = [](std::string& to, char number, const std::string& bytes) {
    to += static_cast<char>((number << 3) | 2);
    to += static_cast<char>(bytes.size());
    to += bytes;
  };
  append(call, pb::Call::kStepFieldNumber, step);
  for (const std::string& key : attributes) {
    std::string entry;
    append(entry, 1, key);
    append(entry, 2, "value");
    append(call, pb::Call::kAttributesFieldNumber, entry);
  }
  std::string event;
  append(event, pb::Event::kCallFieldNumber, call);
  std::string batch;
  append(batch, pb::Batch::kEventsFieldNumber, event);
  auto request = std::make_shared<std::string>();
  append(*request, pb::IngestRequest::kBatchFieldNumber, batch);
  return DecodeIngestRequest({*request, request})->content;
}

TEST(BatchContent, DependsOnAllButTheOrderOfAttributes) {
  EXPECT_EQ(ContentOf({"a", "b", "c"}), ContentOf({"c", "a", "b"}));
  EXPECT_NE(ContentOf({"a", "b"}), ContentOf({"a", "c"}));
  EXPECT_NE(ContentOf({"a", "b"}), ContentOf({"a"}));
  EXPECT_NE(ContentOf({"a", "b"}), ContentOf({"a", "b"}, "answer"));
  EXPECT_NE(ContentOf({}), ContentOf({}, "answer"));
}

}  // namespace
}  // namespace itemized::server
