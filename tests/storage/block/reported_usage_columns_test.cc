// SPDX-License-Identifier: Apache-2.0
// What calls reported as their usage comes back to the letter, and takes few bytes.

#include "storage/block/reported_usage_columns.h"

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/base/bytes.h"
#include "storage/block/block_codec.h"
#include "storage/block/row_appender.h"
#include "storage/usage_shapes/reported_usage.h"
#include "tests/storage/block/block_for_test.h"

namespace itemized {
namespace {

std::vector<std::string> TextsOf(const CallRows& calls) {
  std::vector<std::string> texts;
  for (size_t row = 0; row < calls.size(); ++row) {
    texts.emplace_back(calls.ReportedUsageAt(row));
  }
  return texts;
}

Block BlockWith(const std::vector<std::string>& texts) {
  Block block = RandomBlock(1, texts.size());
  block.calls.reported_usage = {};
  for (const std::string& text : texts) {
    block.calls.reported_usage.push_back(text);
  }
  return block;
}

std::vector<std::string> ReadBack(const Block& block) {
  const absl::StatusOr<Block> decoded = DecodeBlock(block.ref, EncodeBlock(block));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? TextsOf(decoded->calls) : std::vector<std::string>();
}

TEST(ReportedUsageColumns, GiveBackEveryText) {
  const std::vector<std::string> texts = {
      "",
      R"({"prompt_tokens":10,"completion_tokens":5})",
      R"({"prompt_tokens":11,"completion_tokens":18446744073709551615})",
      R"({"cost":42e-4,"n2":-7,"e2":1e12,"m":[{"modality":"AUDIO","t":0}],"b":true})",
      R"({"a":007,"b":18446744073709551616,"c":[],"d":{}})",
      R"([{"x":1},{"x":2}])",
      R"({"e":"1e5 # \\\" 7","f":1})"};
  EXPECT_EQ(ReadBack(BlockWith(texts)), texts);
}

TEST(ReportedUsageColumns, LeaveOutWhatCannotBeKept) {
  const std::string long_text = absl::StrCat("{\"", std::string(3'000, 'a'), "\":1}");
  EXPECT_EQ(ReadBack(BlockWith({long_text, R"({"a":#})", R"({"a":1})"})),
            (std::vector<std::string>{"", "", R"({"a":1})"}));
}

TEST(ReportedUsageColumns, AreAbsentWhereNothingWasReported) {
  Block block = RandomBlock(1, 3);
  block.calls.reported_usage = {};
  const std::string without = EncodeBlock(block);
  block.calls.reported_usage = {"", "", ""};
  EXPECT_EQ(EncodeBlock(block), without);
  const ReportedUsageColumns columns = EncodeReportedUsage(block.calls);
  EXPECT_EQ(columns.recipes, "");
  EXPECT_EQ(columns.numbers, "");
}

// The persisted bytes of storage/FORMAT.md: if this fails, old stores break.
TEST(ReportedUsageColumns, ThePersistedBytesAreGolden) {
  CallRows calls;
  calls.weight = {1, 1, 1};
  calls.usage[0] = {10, 0, 20};
  calls.usage[4] = {5, 0, 7};
  calls.reported_usage = {R"({"i":10,"t":15,"x":3})", "", R"({"i":20,"t":27,"x":300})"};
  const ReportedUsageColumns columns = EncodeReportedUsage(calls);
  const std::string skeleton = R"({"i":#,"t":#,"x":#})";
  std::string recipes("\x01\x13", 2);                        // One skeleton of 19 bytes.
  recipes += skeleton + std::string("\x00\x01\x11\x00", 4);  // Class 0; classes 0 and 4; by itself.
  EXPECT_EQ(columns.recipes, recipes);
  EXPECT_EQ(columns.recipe, (std::vector<uint32_t>{1, 0, 1}));
  EXPECT_EQ(columns.numbers, std::string("\x03\xAC\x02", 3));
}

TEST(ReportedUsageColumns, ChosenRowsHaveTheirOwn) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) {
    texts.push_back(i % 3 == 0 ? "" : absl::StrCat("{\"a\":", i * i, ",\"b\":", i % 7, "}"));
  }
  const Block block = BlockWith(texts);
  const std::vector<uint32_t> rows = {0, 1, 2, 77, 78, 79, 499};
  const absl::StatusOr<Block> chosen =
      DecodeChosen(block.ref, EncodeBlock(block), 0, [&](const Block&) { return rows; });
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(chosen->calls.ReportedUsageAt(i), texts[rows[i]]);
  }
}

TEST(ReportedUsageColumns, RowsTakeTheirsAlong) {
  const Block block = BlockWith({"", R"({"a":1})", "", R"({"b":2})"});
  Block copy;
  RowAppender appender(&copy.calls);
  for (const size_t row : {3U, 2U, 1U, 0U}) {
    appender.Append(block.calls, row, 1);
  }
  EXPECT_EQ(TextsOf(copy.calls), (std::vector<std::string>{R"({"b":2})", "", R"({"a":1})", ""}));
}

TEST(ReportedUsageColumns, ThatAreMalformedAreDamage) {
  const ReportedUsageColumns good =
      EncodeReportedUsage(BlockWith({R"({"a":123456,"b":7})", R"({"a":5,"b":1})"}).calls);
  const auto reads = [&](const std::string& recipes, const std::vector<uint32_t>& recipe,
                         const std::string& numbers) {
    CallRows calls;
    return DecodeReportedUsage(recipes, recipe, numbers, &calls);
  };
  EXPECT_TRUE(reads(good.recipes, good.recipe, good.numbers));
  EXPECT_FALSE(reads(good.recipes, {1, 99}, good.numbers));
  EXPECT_FALSE(reads(good.recipes, good.recipe, good.numbers + "x"));
  EXPECT_FALSE(reads(good.recipes, good.recipe, ""));
  for (size_t size = 1; size < good.recipes.size(); ++size) {
    EXPECT_FALSE(reads(good.recipes.substr(0, size), good.recipe, good.numbers)) << size;
  }
}

// Makes reports of one form with numbers as they occur: most calls read from the cache, some
// reason, inputs are long and outputs short.
class Reports {
 public:
  explicit Reports(uint32_t seed) : random_(seed) {}

  std::string OpenAiChat() {
    const uint64_t prompt = Tokens(60'000);
    const uint64_t cached = Below(3) == 0 ? 0 : Below(prompt / 128 + 1) * 128;
    const uint64_t said = Tokens(4'000);
    const uint64_t reasoning = Below(2) == 0 ? 0 : Below(said);
    return absl::StrCat(R"({"object":"chat.completion","usage":{"prompt_tokens":)", prompt,
                        R"(,"completion_tokens":)", said, R"(,"total_tokens":)", prompt + said,
                        R"(,"prompt_tokens_details":{"cached_tokens":)", cached,
                        R"(,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":)",
                        reasoning, R"(,"audio_tokens":0,"accepted_prediction_tokens":0,)",
                        R"("rejected_prediction_tokens":0}}})");
  }

  std::string Anthropic() {
    const uint64_t written = Below(3) == 0 ? Tokens(20'000) : 0;
    const uint64_t hour = Below(4) == 0 ? written : 0;
    return absl::StrCat(R"({"type":"message","usage":{"input_tokens":)", Tokens(3'000),
                        R"(,"cache_creation_input_tokens":)", written,
                        R"(,"cache_read_input_tokens":)", Below(4) == 0 ? 0 : Tokens(90'000),
                        R"(,"cache_creation":{"ephemeral_5m_input_tokens":)", written - hour,
                        R"(,"ephemeral_1h_input_tokens":)", hour, R"(},"output_tokens":)",
                        Tokens(2'000), R"(,"service_tier":"standard"}})");
  }

  std::string Gemini() {
    const uint64_t prompt = Tokens(40'000) + 1;
    const uint64_t cached = Below(2) == 0 ? 0 : Below(prompt);
    const uint64_t said = Tokens(2'000) + 1;
    const uint64_t thoughts = Tokens(3'000) + 1;
    return absl::StrCat(R"({"usageMetadata":{"promptTokenCount":)", prompt,
                        R"(,"candidatesTokenCount":)", said, R"(,"totalTokenCount":)",
                        prompt + said + thoughts,
                        cached == 0 ? "" : absl::StrCat(R"(,"cachedContentTokenCount":)", cached),
                        R"(,"promptTokensDetails":[{"modality":"TEXT","tokenCount":)", prompt,
                        R"(}],"thoughtsTokenCount":)", thoughts, "}}");
  }

 private:
  uint64_t Below(uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }
  // Small numbers are as likely as large ones.
  uint64_t Tokens(uint64_t limit) { return Below(Below(limit) + 1); }

  std::mt19937_64 random_;
};

// Returns how many bytes a call the reports take in a block of 20,000 calls.
double BytesOfACall(std::string (Reports::*next)()) {
  constexpr size_t kCalls = 20'000;
  Reports reports(7);
  Block block = RandomBlock(3, kCalls);
  block.calls.reported_usage = {};
  for (auto& column : block.calls.usage) {
    column.assign(kCalls, 0);
  }
  for (size_t row = 0; row < kCalls; ++row) {
    const absl::StatusOr<ReportedUsage> read = ReadReportedUsage((reports.*next)());
    EXPECT_TRUE(read.ok() && read->usage.has_value() && !read->kept.empty());
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      block.calls.usage[c][row] = read->usage->counts[c];
    }
    block.calls.reported_usage.push_back(read->kept);
  }
  const std::string with = EncodeBlock(block);
  const std::vector<std::string> texts = TextsOf(block.calls);
  EXPECT_EQ(ReadBack(block), texts);
  block.calls.reported_usage = {};
  const std::string without = EncodeBlock(block);
  const auto bytes = [](size_t size) { return static_cast<double>(size) / kCalls; };
  std::printf("%.2f bytes a call with reports, %.2f without\n", bytes(with.size()),
              bytes(without.size()));
  return bytes(with.size() - without.size());
}

TEST(ReportedUsageColumns, OfCommonFormsTakeAtMostFourBytesACall) {
  EXPECT_LE(BytesOfACall(&Reports::OpenAiChat), 4);
  EXPECT_LE(BytesOfACall(&Reports::Anthropic), 4);
  EXPECT_LE(BytesOfACall(&Reports::Gemini), 4);
}

}  // namespace
}  // namespace itemized
