// SPDX-License-Identifier: Apache-2.0
// Sentences that users read have one style, and comments a subject.

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/layering/source_lint.h"

namespace itemized::testing {
namespace {

// Returns the first error or refusal of `file` whose sentence begins with a small letter, or "".
std::string SmallSentenceOf(const SourceFile& file) {
  static const std::regex pattern(
      R"((?:absl::\w+Error\(|HttpError\(\w+,|StatusCode::\w+,|RefusalCode::\w+,|\bcode\(\),)\s*)"
      R"((?:absl::StrCat\(\s*)?("[a-z][^"]*"))");
  std::smatch found;
  return std::regex_search(file.text, found, pattern) ? found[1] : std::string();
}

// Returns the end of the first error of `file` whose sentence has no full stop, or "". It sees only
// errors that end in a literal.
std::string UnendedSentenceOf(const SourceFile& file) {
  static const std::regex error(R"(absl::\w+Error\()");
  const std::string code = WithoutCommentsAndStrings(file.text);
  for (std::sregex_iterator at(code.begin(), code.end(), error), none; at != none; ++at) {
    size_t end = static_cast<size_t>(at->position() + at->length());
    for (int depth = 1; depth > 0 && end < code.size(); ++end) {
      depth += code[end] == '(' ? 1 : code[end] == ')' ? -1 : 0;
    }
    const size_t last = file.text.find_last_not_of(") \n", end - 1);
    if (file.text[last] == '"' && file.text[last - 1] != '.') {
      return file.text.substr(last - std::min<size_t>(last, 30), 30);
    }
  }
  return "";
}

// Files whose errors go on a sentence that another file begins: 'Model "m": field "input" ' and
// then "is not a price; ...".
const std::set<std::string>& FilesOfPredicates() {
  static const auto& files =
      *new std::set<std::string>{"client/rates/genai_condition.cc", "client/rates/prices.cc"};
  return files;
}

TEST(Wording, ErrorsAreSentences) {
  const std::vector<SourceFile> files =
      ReadSources(ITEMIZED_SOURCE_DIR, {"storage", "server", "client"});
  EXPECT_GT(files.size(), 200U);
  for (const SourceFile& file : files) {
    if (!FilesOfPredicates().contains(file.path)) {
      EXPECT_EQ(SmallSentenceOf(file), "") << file.path;
      EXPECT_EQ(UnendedSentenceOf(file), "") << file.path;
    }
  }
}

TEST(Wording, FindsErrorsThatAreNoSentences) {
  EXPECT_EQ(SmallSentenceOf({"a.cc", "return absl::NotFoundError(\"There is none.\");"}), "");
  EXPECT_EQ(SmallSentenceOf({"a.cc", "absl::NotFoundError(\n    absl::StrCat(\"no file \", x))"}),
            "\"no file \"");
  EXPECT_EQ(SmallSentenceOf({"a.cc", "grpc::Status(grpc::StatusCode::CANCELLED, \"gone\")"}),
            "\"gone\"");
  EXPECT_EQ(SmallSentenceOf({"a.cc", "Refuse(RefusalCode::kMalformed, \"no columns\")"}),
            "\"no columns\"");
  EXPECT_EQ(SmallSentenceOf({"a.cc", "absl::Status(why.code(), absl::StrCat(\"rate \", 3))"}),
            "\"rate \"");
}

TEST(Wording, FindsErrorsWithoutAFullStop) {
  EXPECT_EQ(
      UnendedSentenceOf({"a.cc", "absl::DataLossError(absl::StrCat(\"It is \", (x), \".\"))"}), "");
  EXPECT_EQ(UnendedSentenceOf({"a.cc", "absl::DataLossError(status.message())"}), "");
  EXPECT_NE(
      UnendedSentenceOf({"a.cc", "absl::DataLossError(absl::StrCat(\"(\", x, \" is gone\"))"}), "");
}

// Returns the comments of `text`, also those behind code, that open with a bare preposition or
// something else that leans on another line: their subject is there, and is lost when it moves.
std::vector<std::string> CommentsWithoutSubject(const std::string& text) {
  static const std::regex pattern(
      R"(// (Of|By|For|With|Without|In|At|From|To|On|Behind|Before|After|Between|Under|Over|Into|Beside|Against|As|Else|Or|And|The same)[ ;,.])");
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

TEST(Wording, CommentsHaveASubject) {
  const std::vector<SourceFile> files =
      ReadSources(ITEMIZED_SOURCE_DIR, {"proto", "storage", "server", "client", "tests", "bench"});
  EXPECT_GT(files.size(), 400U);
  for (const SourceFile& file : files) {
    EXPECT_EQ(CommentsWithoutSubject(file.text), std::vector<std::string>()) << file.path;
  }
}

TEST(Wording, FindsCommentsWithoutASubject) {
  // The mark of a comment is kept apart from its words, so that this test passes itself.
  const std::string mark = "//";
  const std::string behind = "int a;  " + mark + " By name.";
  EXPECT_EQ(CommentsWithoutSubject(mark + " Of rows.\n" + behind + "\n// The rows\n" + mark +
                                   " of a block.\n" + mark +
                                   " In order.\nint b;  // The rows by name.\n"),
            (std::vector<std::string>{mark + " Of rows.", behind}));
}

}  // namespace
}  // namespace itemized::testing
