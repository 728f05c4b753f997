// SPDX-License-Identifier: Apache-2.0
// Sentences that users read have one style.

#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/layering/source_lint.h"

namespace itemized::testing {
namespace {

// Returns the first error of `file` whose sentence begins with a small letter, or "".
std::string SmallSentenceOf(const SourceFile& file) {
  static const std::regex pattern(
      R"((?:Error\(|StatusCode::\w+,)\s*(?:absl::StrCat\(\s*)?("[a-z][^"]*"))");
  std::smatch found;
  return std::regex_search(file.text, found, pattern) ? found[1] : std::string();
}

TEST(Wording, ErrorsOfTheServerAreSentences) {
  const std::vector<SourceFile> files = ReadSources(ITEMIZED_SOURCE_DIR, {"server"});
  EXPECT_GT(files.size(), 50U);
  for (const SourceFile& file : files) {
    EXPECT_EQ(SmallSentenceOf(file), "") << file.path;
  }
}

// Folders of storage whose errors have been mended; the list may only grow.
TEST(Wording, ErrorsOfStorageAreSentences) {
  const std::vector<SourceFile> files =
      ReadSources(ITEMIZED_SOURCE_DIR, {"storage/base", "storage/sketch", "storage/kv",
                                        "storage/catalog", "storage/pricing", "storage/views",
                                        "storage/maintenance", "storage/store", "storage/log"});
  EXPECT_GT(files.size(), 50U);
  for (const SourceFile& file : files) {
    EXPECT_EQ(SmallSentenceOf(file), "") << file.path;
  }
}

TEST(Wording, FindsErrorsThatAreNoSentences) {
  EXPECT_EQ(SmallSentenceOf({"a.cc", "return absl::NotFoundError(\"There is none.\");"}), "");
  EXPECT_EQ(SmallSentenceOf({"a.cc", "absl::NotFoundError(\n    absl::StrCat(\"no file \", x))"}),
            "\"no file \"");
  EXPECT_EQ(SmallSentenceOf({"a.cc", "grpc::Status(grpc::StatusCode::CANCELLED, \"gone\")"}),
            "\"gone\"");
}

}  // namespace
}  // namespace itemized::testing
