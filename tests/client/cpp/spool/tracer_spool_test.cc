// SPDX-License-Identifier: Apache-2.0
// A tracer with a spool: what Record accepted is delivered, whatever happens to
// the process and to the server.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include <sys/mman.h>
#include <sys/wait.h>

#include "client/cpp/tracer.h"
#include "tests/client/cpp/fake_ingest_server.h"
#include "tests/client/cpp/spool/spool_directory.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kPatience = absl::Seconds(60);

class TracerSpool : public testing::Test {
 protected:
  TracerOptions Options(const std::string& address) {
    return {.address = address,
            .batch_calls_max = 10,
            .batch_age_max = absl::Hours(1),
            .spool_directory = directory_.path(),
            .backoff_initial = absl::Milliseconds(1),
            .backoff_max = absl::Milliseconds(20),
            .close_timeout = absl::ZeroDuration(),
            .on_warning = [this](const std::string& warning) { warnings_.push_back(warning); }};
  }

  static void Record(Tracer& tracer, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      tracer.Record(
          Call{.event_id = absl::StrCat("c-", i), .workflow_id = "run", .step = "s", .model = "m"});
    }
  }

  static std::set<std::string> Ids(const FakeStore& store) {
    std::set<std::string> ids;
    for (const pb::Call& call : store.calls()) {
      ids.insert(call.event_id());
    }
    return ids;
  }

  SpoolDirectory directory_;
  std::vector<std::string> warnings_;  // Complete once the tracer is gone.
};

TEST_F(TracerSpool, TheNextTracerDeliversWhatTheLastOneCouldNot) {
  {
    Tracer tracer(Options(AbsentAddress()));
    Record(tracer, 0, 25);
    tracer.Complete("run", Outcome::kCompleted);
    EXPECT_TRUE(tracer.Stats().spooling);
  }
  FakeStore store;
  FakeIngestServer server(store, 0);
  Tracer tracer(Options(server.address()));
  EXPECT_EQ(tracer.Stats().recovered, 26u);
  Record(tracer, 25, 5);
  ASSERT_TRUE(tracer.Flush(kPatience).ok());
  EXPECT_THAT(Ids(store), SizeIs(30));
  EXPECT_THAT(store.completions(), SizeIs(1));
  EXPECT_THAT(store.producers(), SizeIs(1));
  const TracerStats stats = tracer.Stats();
  EXPECT_EQ(stats.recorded + stats.recovered, stats.acknowledged);
  EXPECT_EQ(stats.queued, 0u);
}

TEST_F(TracerSpool, BatchesSentBeforeACrashAreTheSameAfterIt) {
  FakeStore store;
  FakeIngestServer server(store, 0, /*acks=*/false);
  {
    Tracer tracer(Options(server.address()));
    Record(tracer, 0, 45);
    store.AwaitCalls(40);
  }
  const size_t sent = Ids(store).size();  // 40, or all if the last batch was quick.
  server.AllowAcks(1'000'000);
  {
    Tracer tracer(Options(server.address()));
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
    EXPECT_EQ(tracer.Stats().duplicate, sent);
  }
  EXPECT_THAT(Ids(store), SizeIs(45));
  EXPECT_EQ(store.duplicates(), 0) << "told by their sequence";
  EXPECT_THAT(store.producers(), SizeIs(1));
  EXPECT_EQ(store.producers().begin()->second.epoch, 1u);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(TracerSpool, WhatWasAcknowledgedIsNotSentAgain) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  for (int round = 0; round < 3; ++round) {
    Tracer tracer(Options(server.address()));
    Record(tracer, round * 20, 20);
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
    EXPECT_EQ(tracer.Stats().sent, 20u);
  }
  EXPECT_THAT(Ids(store), SizeIs(60));
}

TEST_F(TracerSpool, ReplaysFromTheSpoolWhatTheServerLost) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  {
    Tracer tracer(Options(server.address()));
    Record(tracer, 0, 100);
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
  }
  store.Lose(7);
  EXPECT_THAT(Ids(store), SizeIs(30));
  {
    Tracer tracer(Options(server.address()));
    Record(tracer, 100, 1);
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
    EXPECT_EQ(tracer.Stats().lost_batches, 7u);
  }
  EXPECT_THAT(Ids(store), SizeIs(101));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("lost 7 batches that it had acknowledged; 7 of")));
}

TEST_F(TracerSpool, ACopyOfTheSpoolIsToldAndCountsNothingTwice) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  {
    Tracer tracer(Options(AbsentAddress()));
    Record(tracer, 0, 40);
  }
  SpoolDirectory other;
  std::filesystem::copy(directory_.path(), other.path());
  {
    Tracer tracer(Options(server.address()));
    Record(tracer, 40, 10);
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
    EXPECT_THAT(warnings_, IsEmpty());
  }
  {
    TracerOptions options = Options(server.address());
    options.spool_directory = other.path();
    Tracer tracer(options);
    Record(tracer, 100, 10);
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
  }
  EXPECT_THAT(Ids(store), SizeIs(60));
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(TracerSpool, ASecondTracerInTheDirectoryWorksFromMemoryAndSaysSo) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  Tracer tracer(Options(server.address()));
  {
    Tracer second(Options(server.address()));
    Record(second, 0, 10);
    EXPECT_TRUE(second.Flush(kPatience).ok());
    EXPECT_FALSE(second.Stats().spooling);
    EXPECT_EQ(second.Stats().warnings, 1u);
  }
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("in use by another tracer")));
  EXPECT_THAT(Ids(store), SizeIs(10));
}

TEST_F(TracerSpool, AFullSpoolDropsAndCountsAndSaysSoOnce) {
  TracerOptions options = Options(AbsentAddress());
  options.spool_bytes_max = uint64_t{8} << 20;
  {
    Tracer tracer(options);
    const std::string step(500'000, 's');
    for (int i = 0; i < 20; ++i) {
      tracer.Record(Call{.workflow_id = "run", .step = step, .model = "m"});
    }
    EXPECT_EQ(tracer.Stats().recorded, 16u);
    EXPECT_EQ(tracer.Stats().dropped, 4u);
  }
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("full")));
}

TEST_F(TracerSpool, AChildOfForkDoesNotTouchTheSpoolNorKeepIt) {
  FakeStore store;
  FakeIngestServer server(store, 0);
  auto tracer = std::make_unique<Tracer>(Options(AbsentAddress()));
  Record(*tracer, 0, 10);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    Record(*tracer, 10, 10);
    close(ends[1]);
    char byte = 0;
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);  // Lives until the parent lets go.
  }
  tracer.reset();
  {
    Tracer next(Options(server.address()));
    EXPECT_TRUE(next.Stats().spooling) << "the child must not keep the lock";
    EXPECT_TRUE(next.Flush(kPatience).ok());
  }
  close(ends[1]);
  close(ends[0]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(Ids(store), SizeIs(10));
}

// Runs spool_victim, which records without pause, and kills it once it has had
// `records` more accepted. Returns how many it has had accepted in all.
uint64_t RunUntilKilled(const std::string& address, const std::string& spool,
                        const std::string& progress, uint64_t records) {
  const int fd = open(progress.c_str(), O_RDWR | O_CREAT, 0600);
  CHECK(fd >= 0 && ftruncate(fd, sizeof(uint64_t)) == 0);
  void* memory = mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  const std::atomic_ref<uint64_t> accepted(*static_cast<uint64_t*>(memory));
  const uint64_t goal = accepted + records;
  std::vector<std::string> words = {SPOOL_VICTIM, address, spool, progress};
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t victim = 0;
  CHECK(posix_spawn(&victim, SPOOL_VICTIM, nullptr, nullptr, arguments.data(), environ) == 0);
  while (accepted < goal) {
    CHECK(waitpid(victim, nullptr, WNOHANG) == 0);
    std::this_thread::yield();
  }
  kill(victim, SIGKILL);
  waitpid(victim, nullptr, 0);
  const uint64_t reached = accepted;
  munmap(memory, sizeof(uint64_t));
  close(fd);
  return reached;
}

// The oracle is the count of records that Record has accepted, kept outside.
TEST_F(TracerSpool, AProcessKilledAtAnyMomentLosesNothingThatRecordAccepted) {
  std::minstd_rand random(11);
  FakeStore store;
  FakeIngestServer server(store, 0);
  const std::string absent = AbsentAddress();
  uint64_t accepted = 0;
  for (int kills = 0; kills < 40; ++kills) {
    accepted = RunUntilKilled(kills % 4 == 0 ? absent : server.address(), directory_.path(),
                              directory_.path() + ".progress", 1 + random() % 3000);
  }
  {
    Tracer tracer(Options(server.address()));
    ASSERT_TRUE(tracer.Flush(kPatience).ok());
  }
  const std::set<std::string> ids = Ids(store);
  for (uint64_t i = 0; i < accepted; ++i) {
    ASSERT_TRUE(ids.contains(absl::StrCat("c-", i))) << i << " of " << accepted;
  }
  EXPECT_LE(ids.size(), accepted + 1) << "a record under way at the kill may be there or not";
  EXPECT_THAT(store.producers(), SizeIs(1));
  EXPECT_EQ(store.producers().begin()->second.epoch, 1u);
}

}  // namespace
}  // namespace itemized::client
