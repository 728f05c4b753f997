// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/spool.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"

#include "tests/client/cpp/spool/spool_directory.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using TimePoint = Spool::TimePoint;

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open(SpoolOptions options = {}) {
    notes_.clear();
    options.directory = directory_.path();
    options.batch_records = 2;
    auto spool = Spool::Open(options, &notes_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }

  static void Record(Spool& spool, const std::vector<std::string>& event_ids) {
    for (const std::string& id : event_ids) {
      const absl::StatusOr<bool> taken = spool.Append(RecordType::kCall, CallBytes(id));
      ASSERT_TRUE(taken.ok()) << taken.status();
    }
  }

  SpoolDirectory directory_;
  std::vector<std::string> notes_;
};

using Batches = std::vector<std::vector<std::string>>;

TEST_F(SpoolTest, ABatchIsCompleteWhenItIsFullOrCut) {
  Spool spool({.batch_records = 3});
  Record(spool, {"a", "b", "c", "d"});
  EXPECT_EQ(Unacknowledged(spool), (Batches{{"a", "b", "c"}}));
  EXPECT_TRUE(spool.open_since().has_value());
  spool.Cut();
  spool.Cut();
  EXPECT_EQ(Unacknowledged(spool), (Batches{{"a", "b", "c"}, {"d"}}));
  EXPECT_FALSE(spool.open_since().has_value());
}

TEST_F(SpoolTest, ABatchHasNoMoreBytesThanItMay) {
  const size_t bytes = CallBytes("a").size();
  Spool spool({.batch_bytes = 2 * bytes + 1});
  Record(spool, {"a", "b", "c"});
  EXPECT_EQ(Unacknowledged(spool), (Batches{{"a", "b"}}));
}

TEST_F(SpoolTest, ReopeningGivesTheSameBatchesUnderTheSameSequences) {
  Producer producer;
  {
    const auto spool = Open();
    Record(*spool, {"a", "b", "c", "d", "e", "f", "g"});
    spool->Acknowledge();
    producer = spool->producer();
  }
  for (int reopened = 0; reopened < 3; ++reopened) {
    const auto spool = Open();
    EXPECT_THAT(notes_, IsEmpty());
    EXPECT_EQ(spool->producer().id, producer.id);
    EXPECT_EQ(spool->producer().epoch, 1u);
    EXPECT_EQ(spool->producer().acknowledged_sequence, 1u);
    EXPECT_EQ(spool->SequenceOf(spool->newest()), 4u);
    EXPECT_EQ(spool->unsettled_records(), 5u);
    EXPECT_EQ(Unacknowledged(*spool), (Batches{{"c", "d"}, {"e", "f"}, {"g"}}));
  }
}

TEST_F(SpoolTest, GoesOnInItsSequenceAfterItWasReopened) {
  Record(*Open(), {"a", "b"});
  Record(*Open(), {"c"});
  const auto spool = Open();
  Record(*spool, {"d", "e"});
  EXPECT_EQ(Unacknowledged(*spool), (Batches{{"a", "b"}, {"c"}, {"d", "e"}}));
}

TEST_F(SpoolTest, BatchesLieInAsManySegmentsAsTheyNeed) {
  std::vector<std::string> ids;
  for (int i = 0; i < 500; ++i) {
    ids.push_back(absl::StrCat("call-", i));
  }
  Record(*Open({.segment_bytes = 1000}), ids);
  EXPECT_GT(directory_.Segments().size(), 30u);
  std::vector<std::string> read;
  for (const auto& batch : Unacknowledged(*Open({.segment_bytes = 1000}))) {
    read.insert(read.end(), batch.begin(), batch.end());
  }
  EXPECT_EQ(read, ids);
}

TEST_F(SpoolTest, ARecordMayBeLargerThanASegment) {
  const auto spool = Open({.segment_bytes = 1000});
  const std::string large(Segment::kPayloadBytesMax, 'x');
  EXPECT_TRUE(spool->Append(RecordType::kCall, large).ok());
  Record(*spool, {"a"});
}

TEST_F(SpoolTest, ASecondTracerInTheSameDirectoryIsRefusedWithASentence) {
  const auto spool = Open();
  const auto second = Spool::Open({.directory = directory_.path()}, &notes_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another tracer"));
}

TEST_F(SpoolTest, RefusesRecordsWhenItsFilesAreFullAndTakesThemAgainOnceSomeAreDone) {
  const auto spool = Open({.bytes_max = 3000, .segment_bytes = 1000});
  absl::Status status;
  uint64_t taken = 0;
  for (; status.ok(); ++taken) {
    status = spool->Append(RecordType::kCall, CallBytes("a")).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("full"));
  EXPECT_EQ(spool->unsettled_records(), taken - 1);
  EXPECT_THAT(directory_.Segments(), SizeIs(3));
  while (spool->acknowledged() < spool->newest()) {
    spool->Acknowledge();
  }
  EXPECT_TRUE(spool->Append(RecordType::kCall, CallBytes("a")).ok());
}

TEST_F(SpoolTest, BoundsTheRecordsInMemory) {
  Spool by_count({.records_max = 3});
  Record(by_count, {"a", "b", "c"});
  EXPECT_FALSE(by_count.Append(RecordType::kCall, CallBytes("d")).ok());
  Spool by_bytes({.record_bytes_max = 2 * CallBytes("a").size()});
  Record(by_bytes, {"a", "b"});
  EXPECT_FALSE(by_bytes.Append(RecordType::kCall, CallBytes("c")).ok());
  by_bytes.Cut();
  by_bytes.Acknowledge();
  EXPECT_TRUE(by_bytes.Append(RecordType::kCall, CallBytes("c")).ok());
}

TEST_F(SpoolTest, RemovesSegmentsSomeTimeAfterAllIsAcknowledged) {
  const auto spool = Open({.retain_age = absl::Minutes(10), .segment_bytes = 1000});
  for (int i = 0; i < 100; ++i) {
    Record(*spool, {"a", "b"});
  }
  const TimePoint now;
  EXPECT_EQ(spool->Trim(now), TimePoint::max());
  const size_t segments = directory_.Segments().size();
  while (spool->acknowledged() < spool->newest()) {
    spool->Acknowledge();
  }
  EXPECT_EQ(spool->Trim(now), now + std::chrono::minutes(10));
  EXPECT_THAT(directory_.Segments(), SizeIs(segments));
  spool->Trim(now + std::chrono::minutes(10));
  EXPECT_THAT(directory_.Segments(), SizeIs(1));
}

TEST_F(SpoolTest, RemovesAcknowledgedSegmentsBeyondTheirBytes) {
  auto spool = Open({.retain_bytes = 5000, .segment_bytes = 1000});
  for (int i = 0; i < 100; ++i) {
    Record(*spool, {"a", "b"});
    spool->Acknowledge();
    spool->Trim(TimePoint());
  }
  EXPECT_LE(directory_.Segments().size(), 7u);
  EXPECT_GE(directory_.Segments().size(), 5u);
  spool.reset();
  EXPECT_EQ(Open()->acknowledged(), 100u);
}

TEST_F(SpoolTest, WhatTheServerLostIsSentAgainUnderItsOldSequence) {
  const auto spool = Open();
  Record(*spool, {"a", "b", "c", "d", "e", "f"});
  EXPECT_TRUE(spool->Acknowledge());
  EXPECT_TRUE(spool->Acknowledge());
  EXPECT_EQ(spool->Reconcile(2).lost, 0u);
  EXPECT_EQ(spool->Reconcile(3).lost, 0u) << "the last acknowledgement did not arrive";
  const Spool::Gap gap = spool->Reconcile(0);
  EXPECT_EQ(gap.lost, 2u);
  EXPECT_EQ(gap.replayed, 2u);
  EXPECT_EQ(spool->producer().epoch, 1u);
  EXPECT_EQ(Unacknowledged(*spool), (Batches{{"a", "b"}, {"c", "d"}, {"e", "f"}}));
  EXPECT_EQ(spool->unsettled_records(), 2u);
  EXPECT_FALSE(spool->Acknowledge()) << "has been counted";
  EXPECT_FALSE(spool->Acknowledge());
  EXPECT_TRUE(spool->Acknowledge());
}

TEST_F(SpoolTest, AGapBeginsAnotherEpochThatOutlivesTheProcess) {
  {
    const auto spool = Open({.retain_bytes = 0, .segment_bytes = 500});
    for (int i = 0; i < 40; ++i) {
      Record(*spool, {absl::StrCat("a", i), absl::StrCat("b", i)});
      spool->Acknowledge();
      spool->Trim(TimePoint());
    }
    const Spool::Gap gap = spool->Reconcile(7);
    EXPECT_EQ(gap.lost, 33u);
    EXPECT_GT(gap.replayed, 0u);
    EXPECT_LT(gap.replayed, 33u);
    EXPECT_EQ(spool->SequenceOf(spool->newest()), gap.replayed);
  }
  const auto spool = Open();
  EXPECT_EQ(spool->producer().epoch, 2u);
  EXPECT_EQ(spool->producer().acknowledged_sequence, 0u);
  EXPECT_EQ(Unacknowledged(*spool).back(), (std::vector<std::string>{"a39", "b39"}));
}

TEST_F(SpoolTest, BatchesThatItHasNotMadeBeginAnotherEpoch) {
  const auto spool = Open();
  Record(*spool, {"a", "b", "c", "d"});
  spool->Acknowledge();
  EXPECT_TRUE(spool->Reconcile(3).ahead);
  EXPECT_EQ(spool->producer().epoch, 2u);
  EXPECT_EQ(spool->SequenceOf(spool->newest()), 1u);
}

TEST_F(SpoolTest, BeginsAnewUnderAnotherIdThatOutlivesTheProcess) {
  const std::string id(16, 'x');
  {
    const auto spool = Open();
    Record(*spool, {"a", "b", "c", "d"});
    spool->Acknowledge();
    spool->BeginAnew(id);
    Record(*spool, {"e"});
  }
  const auto spool = Open();
  EXPECT_EQ(spool->producer().id, id);
  EXPECT_EQ(spool->producer().epoch, 1u);
  EXPECT_EQ(spool->SequenceOf(2), 1u);
  EXPECT_EQ(Unacknowledged(*spool), (Batches{{"c", "d"}, {"e"}}));
}

}  // namespace
}  // namespace itemized::client
