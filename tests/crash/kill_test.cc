// SPDX-License-Identifier: Apache-2.0
// The process is killed at any moment (SIGKILL), again and again on the same store.
// The books are kept by its parent, from what it said before.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/database/database.h"
#include "tests/crash/numbered_batch.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

// Keeps what the writer said.
class Books {
 public:
  void Note(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    uint64_t number = 0;
    ASSERT_EQ(words.size(), 2U) << line;
    ASSERT_TRUE(absl::SimpleAtoi(words[1], &number));
    if (words[0] == "try") {
      tried_.emplace(number, false);
    } else if (words[0] == "ack") {
      tried_[number] = true;
      ++acknowledgements_;
    } else if (words[0] == "try-price") {
      prices_.insert(PriceOfNumber(number));
      ++price_changes_;
    } else if (words[0] == "price") {
      prices_ = {PriceOfNumber(number)};
      is_priced_ = true;
    }
  }

  uint64_t next_batch() const {
    return 1 + std::max(last_checked_, tried_.empty() ? 0 : tried_.rbegin()->first);
  }
  uint64_t next_price() const { return price_changes_ + 1; }
  int acknowledgements() const { return acknowledgements_; }

  // Compares the store with the books, and takes what it holds of the batches
  // tried since the last time for acknowledged; of the older ones the totals tell.
  void Check(Database& db) {
    for (const auto& [number, acknowledged] : tried_) {
      const NumberedBatch batch = BatchOfNumber(number);
      const bool present = Has(db, batch.runs.front());
      ASSERT_TRUE(present || !acknowledged) << "batch " << number << " is lost";
      for (const std::string& run : batch.runs) {
        ASSERT_EQ(Has(db, run), present) << "batch " << number << " is torn";
      }
      const auto runs = static_cast<int64_t>(present ? batch.runs.size() : 0);
      calls_ += runs;
      tokens_ += runs * batch.tokens;
      last_checked_ = number;
    }
    tried_.clear();
    CheckTotals(db);
  }

 private:
  static bool Has(Database& db, const std::string& run) {
    const absl::StatusOr<RunAnswer> answer = db.GetRun(run);
    EXPECT_TRUE(answer.ok() || absl::IsNotFound(answer.status())) << answer.status();
    EXPECT_TRUE(!answer.ok() ||
                (answer->calls.size() == 1 && answer->outcome == Outcome::kCompleted))
        << run;
    return answer.ok();
  }

  void CheckTotals(Database& db) {
    TopQuery query;
    query.window = Window::Of({0, kNowUs + kMicrosPerDay});
    const CallSums total = Value(db.Top(query)).total;
    ASSERT_EQ(total.calls, calls_);
    ASSERT_EQ(total.usage[UsageClass::kInput], tokens_);
    if (total.unpriced_calls > 0) {
      ASSERT_FALSE(is_priced_);
      ASSERT_EQ(total.unpriced_calls, calls_);
      prices_.clear();
      return;
    }
    const Picos price = tokens_ == 0 ? 0 : total.cost / tokens_;
    ASSERT_EQ(price * tokens_, total.cost);  // One price for all.
    ASSERT_TRUE(tokens_ == 0 || prices_.count(static_cast<int64_t>(price)) > 0);
  }

  std::map<uint64_t, bool>
      tried_;  // Batches tried since the last check, and whether each is acknowledged.
  uint64_t last_checked_ = 0;
  int64_t calls_ = 0;  // Calls of all batches that were checked.
  int64_t tokens_ = 0;
  std::set<int64_t> prices_;  // One of them holds.
  bool is_priced_ = false;
  uint64_t price_changes_ = 0;
  int acknowledgements_ = 0;
};

class Kills : public ::testing::Test {
 protected:
  // Runs the writer until it has said `lines` lines, or has died by itself; then
  // kills it. Returns whether it had died of a failpoint.
  bool RunWriter(int lines, const std::vector<std::string>& failpoint = {}) {
    int out[2];
    CHECK(pipe2(out, O_CLOEXEC) == 0);
    std::vector<std::string> arguments = {CRASH_WRITER, directory_.path(),
                                          absl::StrCat(books_.next_batch()),
                                          absl::StrCat(books_.next_price())};
    arguments.insert(arguments.end(), failpoint.begin(), failpoint.end());
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      dup2(out[1], STDOUT_FILENO);
      std::vector<char*> argv;
      for (std::string& argument : arguments) {
        argv.push_back(argument.data());
      }
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(out[1]);
    const bool ended = !ReadLines(out[0], lines);
    kill(pid, SIGKILL);
    ReadLines(out[0], INT_MAX);  // It had said these before.
    close(out[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    return ended;
  }

  // Returns false if the writer ended before it had said as many lines.
  bool ReadLines(int fd, int lines) {
    std::string text;
    char byte = 0;
    while (lines > 0) {
      if (read(fd, &byte, 1) != 1) {
        EXPECT_EQ(text, "");
        return false;
      }
      if (byte != '\n') {
        text += byte;
        continue;
      }
      books_.Note(text);
      text.clear();
      --lines;
    }
    return true;
  }

  void CheckStore(bool verify) {
    DatabaseOptions options;
    options.directory = directory_.path();
    options.clock = &clock_;
    const auto db = Database::Open(options);
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE((*db)->WaitUntilRepriced().ok());
    books_.Check(**db);
    if (verify) {
      const absl::Status verified = (*db)->VerifyViews();
      ASSERT_TRUE(verified.ok()) << verified;
    }
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  Books books_;
};

TEST_F(Kills, AtTwoHundredRandomMomentsLoseAndDoubleNothing) {
  std::minstd_rand random(2026);
  for (int kill = 1; kill <= 200 && !HasFatalFailure(); ++kill) {
    SCOPED_TRACE(kill);
    RunWriter(1 + static_cast<int>(random() % 60));
    // Mostly the next writer finds what the last one left.
    if (kill % 10 == 0) {
      CheckStore(/*verify=*/kill % 50 == 0);
    }
  }
  EXPECT_GT(books_.acknowledgements(), 1'000);
}

// The writer is killed far into its life, when checkpoints are being written.
TEST_F(Kills, UnderLoadLoseAndDoubleNothing) {
  std::minstd_rand random(7);
  for (int kill = 1; kill <= 12 && !HasFatalFailure(); ++kill) {
    SCOPED_TRACE(kill);
    RunWriter(200 + static_cast<int>(random() % 400));
    CheckStore(/*verify=*/kill % 6 == 0);
  }
}

class KillsAt : public Kills, public ::testing::WithParamInterface<int> {};

TEST_P(KillsAt, AFailpointLosesAndDoublesNothing) {
  int reached = 0;
  for (const int nth : {1, 2, 3, 7, 20}) {
    SCOPED_TRACE(nth);
    RunWriter(150);  // So that there is something to replay and to price again.
    reached += RunWriter(1'500, {absl::StrCat(GetParam()), absl::StrCat(nth)}) ? 1 : 0;
    CheckStore(/*verify=*/nth == 20);
    if (HasFatalFailure()) {
      return;
    }
  }
  EXPECT_GE(reached, 3) << "the failpoint is hardly ever passed";
}

INSTANTIATE_TEST_SUITE_P(Failpoints, KillsAt,
                         ::testing::Range(0, static_cast<int>(Failpoint::kDropBegun)));

}  // namespace
}  // namespace itemized::testing
