// SPDX-License-Identifier: Apache-2.0
// What is kept of a report: its numbers and the names of them, and nothing that a user wrote.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/usage_shapes/reported_usage.h"
#include "tests/storage/usage_shapes/usage_vectors.h"

namespace itemized::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ReportedUsage Read(const std::string& json) {
  absl::StatusOr<ReportedUsage> read = ReadReportedUsage(json);
  EXPECT_TRUE(read.ok()) << read.status() << " " << json;
  return read.ok() ? *std::move(read) : ReportedUsage{};
}

TEST(KeptReport, HasTheNumbersOfTheUsageAndTheirNames) {
  EXPECT_EQ(
      Read(R"({"id":"x","model":"gpt-5","choices":[],"usage":{"prompt_tokens":10,)"
           R"("completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4,"odd":null}}})")
          .kept,
      R"({"completion_tokens":5,"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4}})");
}

TEST(KeptReport, HasFractionsAsWholeNumbersWithAnExponent) {
  constexpr char kBegin[] = R"({"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":)";
  for (const auto& [number, kept] : std::vector<std::pair<std::string, std::string>>{
           {"0.0042", "42e-4"}, {"1.5e-05", "15e-6"}, {"-2.25", "-225e-2"}, {"3.0", "3"}}) {
    EXPECT_THAT(Read(absl::StrCat(kBegin, number, "}}")).kept,
                HasSubstr(absl::StrCat("\"cost\":", kept, ",")));
  }
}

TEST(KeptReport, HasTheLabelsByWhichTheTableFindsNumbers) {
  EXPECT_THAT(Read(R"({"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":1,)"
                   R"("promptTokensDetails":[{"modality":"AUDIO","tokenCount":7}]}})")
                  .kept,
              HasSubstr(R"([{"modality":"AUDIO","tokenCount":7}])"));
}

TEST(KeptReport, IsOneForEachResponseOfACall) {
  EXPECT_EQ(Read(R"([{"type":"message","id":"a","usage":{"input_tokens":1,"output_tokens":2}},)"
                 R"({"type":"message","id":"b","usage":{"input_tokens":3,"output_tokens":4}}])")
                .kept,
            R"([{"input_tokens":1,"output_tokens":2},{"input_tokens":3,"output_tokens":4}])");
}

TEST(KeptReport, HasNothingThatAUserWrote) {
  const std::string kept =
      Read(R"({"usage":{"prompt_tokens":10,"completion_tokens":5,"prompt":"hunter2 is it",)"
           R"("note":"hunter2","my name is hunter2":7,"deep":{"type":"hunter2","x":["hunter2"]},)"
           R"("modality":"hunter2"}})")
          .kept;
  EXPECT_THAT(kept, HasSubstr(R"("prompt_tokens":10)"));
  EXPECT_THAT(kept, Not(HasSubstr("hunter2")));
}

TEST(KeptReport, OfWhatIsUnknownIsKeptToo) {
  const ReportedUsage read = Read(R"({"usage":{"tokens_in":10,"tokens_out":5}})");
  EXPECT_TRUE(read.is_unknown);
  EXPECT_EQ(read.kept, R"({"tokens_in":10,"tokens_out":5})");
}

TEST(KeptReport, ThatIsTooLongIsNotKept) {
  std::string fields;
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&fields, ",\"field_", i, "\":", i);
  }
  const ReportedUsage read =
      Read(absl::StrCat(R"({"usage":{"prompt_tokens":10,"completion_tokens":5)", fields, "}}"));
  EXPECT_TRUE(read.usage.has_value());
  EXPECT_EQ(read.kept, "");
  EXPECT_TRUE(read.is_too_long_to_keep);
}

// Expects that what was kept of a report says what the report says.
void ExpectReadAlike(const std::string& json, CacheAccounting accounting) {
  const absl::StatusOr<ReportedUsage> read = ReadReportedUsage(json, accounting);
  if (!read.ok() || read->kept.empty()) {
    return;
  }
  SCOPED_TRACE(read->kept);
  const absl::StatusOr<ReadAgain> again = ReadKeptUsage(read->kept);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->usage, read->usage);
  EXPECT_EQ(again->is_unknown, !read->usage && (read->is_unknown || read->is_misreported));
}

TEST(KeptReport, OfEveryVectorSaysWhatTheReportSays) {
  for (const UsageVector& vector : ReadUsageVectors()) {
    SCOPED_TRACE(vector.name);
    for (const CacheAccounting accounting :
         {CacheAccounting::kUnsaid, CacheAccounting::kInclusive, CacheAccounting::kExclusive}) {
      ExpectReadAlike(InAnArray(vector.pieces), accounting);
    }
  }
}

TEST(KeptReport, HasWhatTheSenderSaysOfTheCache) {
  const absl::StatusOr<ReportedUsage> read = ReadReportedUsage(
      R"({"usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}})",
      CacheAccounting::kExclusive);
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read->kept, HasSubstr(R"({"cache_accounting":"exclusive","prompt_tokens":10)"));
  EXPECT_EQ(ReadKeptUsage(read->kept)->usage->counts[0], 10);
}

TEST(KeptReport, ThatNobodyKeptIsRefused) {
  for (const char* text : {"", "{", "7", "[7]", "\"x\""}) {
    EXPECT_EQ(ReadKeptUsage(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace itemized::testing
