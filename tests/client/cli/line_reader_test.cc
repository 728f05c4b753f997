// SPDX-License-Identifier: Apache-2.0
#include "client/cli/line_reader.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::cli {
namespace {

using ::testing::ElementsAre;

// Each line of `content` as "number:text" with marks for what is special.
std::vector<std::string> LinesOf(const std::string& content, size_t line_bytes_max,
                                 uint64_t bytes = ~uint64_t{0}) {
  const std::unique_ptr<FILE, decltype(&fclose)> file(std::tmpfile(), &fclose);
  const int fd = fileno(file.get());
  EXPECT_EQ(write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
  LineReader reader(fd, bytes, line_bytes_max);
  std::vector<std::string> lines;
  Line line;
  while (*reader.Next(line)) {
    lines.push_back(absl::StrCat(line.number, ":", line.text, line.too_long ? "<long>" : "",
                                 line.terminated ? "" : "<end>"));
  }
  EXPECT_EQ(reader.bytes_read(), std::min<uint64_t>(bytes, content.size()));
  return lines;
}

TEST(LineReader, NumbersLinesEmptyOnesToo) {
  EXPECT_THAT(LinesOf("a\n\nb\r\n", 10), ElementsAre("1:a", "2:", "3:b\r"));
  EXPECT_THAT(LinesOf("", 10), ElementsAre());
  EXPECT_THAT(LinesOf("\n", 10), ElementsAre("1:"));
}

TEST(LineReader, MarksALastLineWithoutLineFeed) {
  EXPECT_THAT(LinesOf("a\nb", 10), ElementsAre("1:a", "2:b<end>"));
}

TEST(LineReader, SkipsAByteOrderMarkAtTheStartOnly) {
  EXPECT_THAT(LinesOf("\xEF\xBB\xBF"
                      "a\n\xEF\xBB\xBF"
                      "b\n",
                      10),
              ElementsAre("1:a",
                          "2:\xEF\xBB\xBF"
                          "b"));
  EXPECT_THAT(LinesOf("\xEF\xBB\xBF", 10), ElementsAre());
}

TEST(LineReader, PassesOverLinesThatAreTooLong) {
  EXPECT_THAT(LinesOf("12345\n123456\n12345", 5),
              ElementsAre("1:12345", "2:<long>", "3:12345<end>"));
}

TEST(LineReader, PassesOverLinesLongerThanItsBuffer) {
  const std::string huge(3'000'000, 'x');
  const std::string full(1'000'000, 'y');
  EXPECT_THAT(LinesOf(absl::StrCat("a\n", huge, "\n", full, "\nb\n", huge), 1'000'000),
              ElementsAre("1:a", "2:<long>", absl::StrCat("3:", full), "4:b", "5:<long><end>"));
}

TEST(LineReader, ReadsNoFurtherThanItIsTold) {
  EXPECT_THAT(LinesOf("a\nbc\n", 10, 3), ElementsAre("1:a", "2:b<end>"));
}

}  // namespace
}  // namespace itemized::cli
