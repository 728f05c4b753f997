// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "xxhash.h"

#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string CallLine(int number) {
  return absl::StrCat(R"({"event_id":"c-)", number,
                      R"(","time":"2026-10-31T00:00:00Z","workflow_id":"r","step":"s",)",
                      R"("model":"m"})", "\n");
}

constexpr char kAnonymous[] =
    R"({"time":"2026-10-31T00:00:00Z","workflow_id":"r","step":"s","model":"m"})";
constexpr char kEnd[] =
    R"({"time":"2026-10-31T00:01:00Z","workflow_id":"r","outcome":"completed"})";

std::string HashOf(const std::string& content) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(content.data(), content.size()));
  std::string hex;
  for (const unsigned char byte : canonical.digest) {
    absl::StrAppend(&hex, absl::Hex(byte, absl::kZeroPad2));
  }
  return hex;
}

TEST(Import, StoresCallsAndCompletions) {
  FakeServer server;
  const std::string file = TestFile("a.ndjson", absl::StrCat(CallLine(1), "\n  \n", kEnd, "\n"));
  const Outcome outcome = RunAt(server.address(), {"import", file});
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "accepted 2, duplicate 0, refused 0\n");
  EXPECT_EQ(outcome.err, "");
  const std::vector<pb::Event> events = server.events();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].call().event_id(), "c-1");
  EXPECT_EQ(events[1].completion().outcome(), pb::OUTCOME_COMPLETED);
}

TEST(Import, IdentifiesALineByItsPlaceInAFileOfThatContent) {
  FakeServer server;
  const std::string content = absl::StrCat("\xEF\xBB\xBF", kAnonymous, "\n\n", kAnonymous);
  const std::string first = TestFile("a.ndjson", content);
  const std::string second = TestFile("b.ndjson", content);
  const std::string longer = TestFile("c.ndjson", content + "\n");
  const Outcome outcome = RunAt(server.address(), {"import", first, second, longer});
  EXPECT_EQ(outcome.out, "accepted 4, duplicate 2, refused 0\n") << outcome.err;
  std::vector<std::string> ids;
  for (const pb::Event& event : server.events()) {
    ids.push_back(event.call().event_id());
  }
  const std::string hash = HashOf(content);
  const std::string other_hash = HashOf(content + "\n");
  EXPECT_THAT(ids, ElementsAre(hash + ":1", hash + ":3", other_hash + ":1", other_hash + ":3"));
}

TEST(Import, ReadsStandardInputLikeAFile) {
  FakeServer server;
  const std::string content = absl::StrCat(kAnonymous, "\n");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], content.data(), content.size()), static_cast<ssize_t>(content.size()));
  close(ends[1]);
  const Outcome outcome = RunAt(server.address(), {"import", "-"}, {.stdin_fd = ends[0]});
  close(ends[0]);
  EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
  ASSERT_THAT(server.events(), SizeIs(1));
  EXPECT_EQ(server.events()[0].call().event_id(), HashOf(content) + ":1");
}

TEST(Import, ReportsRefusalsOfBothSidesByLine) {
  FakeServer server;
  server.judge = [](const pb::Batch& batch) {
    pb::BatchResult result;
    result.set_accepted(batch.events_size() - 2);
    result.set_duplicate(1);
    result.set_refused(1);
    pb::Refusal& refusal = *result.add_refusals();
    refusal.set_index(1);
    refusal.set_code(pb::REFUSAL_CODE_TIME_OUT_OF_RANGE);
    refusal.set_message("The future is not known yet.");
    return result;
  };
  const std::string file =
      TestFile("a.ndjson", absl::StrCat(CallLine(1), "{\"spet\":1}\n", CallLine(2), "nonsense\n",
                                        CallLine(3), std::string(2'000'000, 'x'), "\n", CallLine(4),
                                        CallLine(5).substr(0, 30)));
  const Outcome outcome = RunAt(server.address(), {"import", file});
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(outcome.out, "accepted 2, duplicate 1, refused 5\n");
  const std::vector<std::string> lines = absl::StrSplit(outcome.err, '\n', absl::SkipEmpty());
  ASSERT_THAT(lines, SizeIs(5));
  EXPECT_THAT(lines[0], HasSubstr(file + ":2: Unknown field \"spet\""));
  EXPECT_EQ(lines[1], file + ":3: The future is not known yet.");
  EXPECT_THAT(lines[2], HasSubstr(file + ":4: The line is not a JSON object"));
  EXPECT_THAT(lines[3], HasSubstr(file + ":6: The line is longer than 1 MiB"));
  EXPECT_THAT(lines[4], HasSubstr(file + ":8: "));
  EXPECT_THAT(lines[4], HasSubstr("the file may be cut off."));
}

TEST(Import, ListsTheFirstTwentyRefusalsOrAll) {
  FakeServer server;
  std::string content;
  for (int i = 0; i < 50; ++i) {
    content += "nonsense\n";
  }
  const std::string file = TestFile("a.ndjson", content);
  const Outcome some = RunAt(server.address(), {"import", file});
  EXPECT_EQ(some.exit_status, 1);
  EXPECT_EQ(std::count(some.err.begin(), some.err.end(), '\n'), 21);
  EXPECT_THAT(some.err, HasSubstr(file + ":20: "));
  EXPECT_THAT(some.err, HasSubstr("... and 30 more refused lines; --all-refusals lists"));
  const Outcome all = RunAt(server.address(), {"import", file, "--all-refusals"});
  EXPECT_EQ(std::count(all.err.begin(), all.err.end(), '\n'), 50);
}

TEST(Import, SendsBatchesOfAThousand) {
  FakeServer server;
  std::string content;
  for (int i = 0; i < 2500; ++i) {
    content += CallLine(i);
  }
  const Outcome outcome = RunAt(server.address(), {"import", TestFile("a.ndjson", content)});
  EXPECT_EQ(outcome.out, "accepted 2500, duplicate 0, refused 0\n");
  EXPECT_THAT(server.batch_sizes(), ElementsAre(1000, 1000, 500));
}

TEST(Import, KeepsBatchesOfLongLinesSmall) {
  FakeServer server;
  const std::string padding(900'000, ' ');
  std::string content;
  for (int i = 0; i < 10; ++i) {
    content += "{" + padding + CallLine(i).substr(1);
  }
  const Outcome outcome = RunAt(server.address(), {"import", TestFile("a.ndjson", content)});
  EXPECT_EQ(outcome.out, "accepted 10, duplicate 0, refused 0\n");
  EXPECT_THAT(server.batch_sizes(), ElementsAre(5, 5));
}

TEST(Import, SaysHowFarItGotWhenTheStreamBreaks) {
  FakeServer server;
  server.batches_max = 2;
  std::string content;
  for (int i = 0; i < 5000; ++i) {
    content += CallLine(i);
  }
  const Outcome outcome = RunAt(server.address(), {"import", TestFile("a.ndjson", content)});
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_EQ(outcome.out, "accepted 2000, duplicate 0, refused 0\n");
  EXPECT_THAT(outcome.err, HasSubstr("The disk is full: make room."));
  EXPECT_THAT(outcome.err, HasSubstr("2,000 lines were settled, "));
}

TEST(Import, GoesOnOverAnotherStreamWhenOneBreaks) {
  FakeServer server;
  server.batches_max = 2;
  std::string content = "not JSON\n";  // Reported once, though the file is read again.
  for (int i = 0; i < 9500; ++i) {
    content += CallLine(i);
  }
  const Outcome outcome = RunAt(server.address(), {"import", TestFile("a.ndjson", content)},
                                {.patience = absl::Minutes(1)});
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_EQ(outcome.out, "accepted 9500, duplicate 0, refused 1\n") << outcome.err;
  EXPECT_THAT(server.events(), SizeIs(9500));
}

TEST(Import, TheSameFileAgainIsKnownByItsContent) {
  FakeServer server;
  std::string content;
  for (int i = 0; i < 2500; ++i) {
    content += CallLine(i);
  }
  server.batches_max = 2;
  RunAt(server.address(), {"import", TestFile("a.ndjson", content)});  // Breaks off.
  server.batches_max = 100;
  const Outcome rest = RunAt(server.address(), {"import", TestFile("b.ndjson", content)});
  EXPECT_EQ(rest.out, "accepted 500, duplicate 2000, refused 0\n");
  const Outcome again = RunAt(server.address(), {"import", TestFile("c.ndjson", content)});
  EXPECT_EQ(again.out, "accepted 0, duplicate 2500, refused 0\n");
}

TEST(Import, SendsNothingIfAnyFileIsMissing) {
  FakeServer server;
  const std::string file = TestFile("a.ndjson", CallLine(1));
  const Outcome outcome = RunAt(server.address(), {"import", file, file + ".missing"});
  EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(server.events(), SizeIs(0));
}

TEST(Import, SaysHowToUnpackACompressedFile) {
  FakeServer server;
  const std::string file = TestFile("a.gz", "\x1f\x8b\x08 and more");
  const Outcome outcome = RunAt(server.address(), {"import", file});
  EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("zcat"));
}

TEST(Import, StopsAtCtrlCEvenWhileItWaitsForInput) {
  FakeServer server;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);  // Nothing is ever written to it.
  const Outcome outcome =
      RunAt(server.address(), {"import", "-"}, {.stdin_fd = ends[0], .interrupted = true});
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(outcome.exit_status, 130);
  EXPECT_THAT(outcome.err, HasSubstr("Interrupted: 0 lines were settled, 0 sent"));
}

TEST(Import, TakesAnEmptyFileForDone) {
  FakeServer server;
  const Outcome outcome = RunAt(server.address(), {"import", TestFile("a.ndjson", "")});
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.out, "accepted 0, duplicate 0, refused 0\n");
}

}  // namespace
}  // namespace itemized::cli
