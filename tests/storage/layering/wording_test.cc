// SPDX-License-Identifier: Apache-2.0
// Sentences that users read have one style, and comments a subject.

#include <regex>
#include <sstream>
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

// Folders whose errors and comments have been mended; the list may only grow.
const std::vector<std::string>& MendedFolders() {
  static const auto& folders = *new std::vector<std::string>{
      "storage/base",    "storage/sketch",      "storage/kv",          "storage/catalog",
      "storage/pricing", "storage/views",       "storage/maintenance", "storage/store",
      "storage/log",     "storage/usage_shapes"};
  return folders;
}

TEST(Wording, ErrorsOfStorageAreSentences) {
  const std::vector<SourceFile> files = ReadSources(ITEMIZED_SOURCE_DIR, MendedFolders());
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

// Returns the comments of `text`, also those behind code, that open with a bare preposition: their
// subject is in another line.
std::vector<std::string> CommentsWithoutSubject(const std::string& text) {
  static const std::regex pattern(
      R"(// (Of|By|For|With|Without|In|At|From|To|On|Behind|Before|After|Between|Under|Over|Into|Beside|As) )");
  std::vector<std::string> found;
  bool goes_on = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find_first_not_of(' ');
    const bool is_comment = first != std::string::npos && line.compare(first, 2, "//") == 0;
    if (!(is_comment && goes_on) && std::regex_search(line, pattern)) {
      found.push_back(line);
    }
    goes_on = is_comment;
  }
  return found;
}

TEST(Wording, CommentsOfMendedFoldersHaveASubject) {
  std::vector<std::string> folders = MendedFolders();
  folders.emplace_back("bench");
  for (const SourceFile& file : ReadSources(ITEMIZED_SOURCE_DIR, folders)) {
    EXPECT_EQ(CommentsWithoutSubject(file.text), std::vector<std::string>()) << file.path;
  }
}

TEST(Wording, FindsCommentsWithoutASubject) {
  EXPECT_EQ(CommentsWithoutSubject("// Of rows.\nint a;  // By name.\n// The rows\n// of a block.\n"
                                   "// In order.\nint b;  // The rows by name.\n"),
            (std::vector<std::string>{"// Of rows.", "int a;  // By name."}));
}

}  // namespace
}  // namespace itemized::testing
