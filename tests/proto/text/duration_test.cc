// SPDX-License-Identifier: Apache-2.0
// Durations are whole microseconds inside and decimal milliseconds in text; none of
// them is another one on the other side.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "itemized/v1/event.pb.h"
#include "itemized/v1/query.pb.h"
#include "proto/text/json.h"
#include "proto/text/ndjson.h"

namespace itemized::text {
namespace {

namespace pb = itemized::v1;

// All short ones, and some long ones: those of 30 days, which is the longest that is
// taken, and beyond.
std::vector<int64_t> Durations() {
  std::vector<int64_t> durations;
  for (int64_t us = 0; us <= 200'000; ++us) {
    durations.push_back(us);
  }
  constexpr int64_t k30Days = 30 * int64_t{86'400'000'000};
  for (int64_t us = 100'000'000; us < 8'000'000'000'000'000; us = us * 7 + 1'001) {
    durations.push_back(us);
  }
  for (const int64_t us : {int64_t{1'000'000}, int64_t{100'000'000}, k30Days - 1, k30Days,
                           k30Days + 1, (int64_t{1} << 53) - 1}) {
    durations.push_back(us);
  }
  return durations;
}

// Made by integers alone: "1.001", "812.5", "3".
std::string Millis(int64_t us) {
  std::string text = absl::StrCat(us / 1000, ".", absl::Dec(us % 1000, absl::kZeroPad3));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

int64_t Read(NdjsonParser& parser, const std::string& duration_ms) {
  pb::Event event;
  const std::optional<LineRefusal> refusal =
      parser.Parse(absl::StrCat(R"({"time":"2026-11-01T00:00:00Z","workflow_id":"r","step":"s",)",
                                R"("model":"m","duration_ms":)", duration_ms, "}"),
                   event);
  EXPECT_FALSE(refusal.has_value()) << duration_ms;
  return event.call().duration_us();
}

TEST(Durations, AreReadFromNdjsonToTheMicrosecond) {
  NdjsonParser parser;
  for (const int64_t us : Durations()) {
    ASSERT_EQ(Read(parser, Millis(us)), us);
    ASSERT_EQ(Read(parser, absl::StrCat(us / 1000, ".", absl::Dec(us % 1000, absl::kZeroPad3))),
              us);
    ASSERT_EQ(Read(parser, absl::StrCat(us, "e-3")), us);
  }
  for (const char* largest : {"9223372036854775.807", "9223372036854775807e-3"}) {
    EXPECT_EQ(Read(parser, largest), INT64_MAX) << largest;
  }
}

TEST(Durations, AreWrittenInAnswersAsTheDecimalTextThatTheyAre) {
  // A double keeps 15 digits: 31 years, and no call of more than 30 days is stored.
  constexpr int64_t kEndUs = 1'000'000'000'000'000;
  NdjsonParser parser;
  pb::BilledCall call;
  for (const int64_t us : Durations()) {
    if (us >= kEndUs) {
      continue;
    }
    call.set_duration_ms(static_cast<double>(us) / 1000);  // The server fills it in so.
    const absl::StatusOr<std::string> json = ToJson(call, JsonLayout::kOneLine);
    ASSERT_TRUE(json.ok()) << json.status();
    const std::string name = "\"duration_ms\":";
    const size_t at = json->find(name);
    ASSERT_NE(at, std::string::npos) << *json;
    const std::string text =
        json->substr(at + name.size(), json->find_first_of(",}", at) - at - name.size());
    ASSERT_EQ(text, Millis(us));
    ASSERT_EQ(Read(parser, text), us);
  }
}

}  // namespace
}  // namespace itemized::text
