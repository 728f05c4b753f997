// SPDX-License-Identifier: Apache-2.0
// A batch of a producer is counted once, however often and over whatever stream
// it comes. The calls have no ids of their own, so nothing else keeps them apart.

#include "storage/store/producers.h"

#include <future>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include <gtest/gtest.h>

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {
namespace {

class ProducersTest : public DatabaseTest {
 protected:
  ProducerSession Begin(uint64_t epoch = 1, ProducerId id = kId) {
    return Value(TryBegin(epoch, id));
  }

  absl::StatusOr<ProducerSession> TryBegin(uint64_t epoch, ProducerId id = kId) {
    std::promise<absl::StatusOr<ProducerSession>> promise;
    db().BeginSession({.id = id, .epoch = epoch},
                      [&](auto session) { promise.set_value(std::move(session)); });
    return promise.get_future().get();
  }

  // A batch whose content is told by `tokens`.
  static Submission SubmissionOf(const ProducerSession& session, uint64_t sequence, int64_t tokens,
                                 ProducerId id = kId) {
    Submission submission;
    submission.parts.push_back(MakeBatch({MakeCall("", "run", "planning", tokens)}));
    submission.parts.push_back(MakeBatch({MakeCall("", "run", "answer", tokens)}));
    submission.position = {.producer = id,
                           .session = session.session,
                           .sequence = sequence,
                           .content = static_cast<uint64_t>(tokens)};
    return submission;
  }

  absl::StatusOr<SubmissionResult> Submit(Submission submission) {
    std::promise<absl::StatusOr<SubmissionResult>> promise;
    db().Submit(std::move(submission), [&](auto result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }

  absl::StatusOr<SubmissionResult> Send(const ProducerSession& session, uint64_t sequence,
                                        int64_t tokens = 1, ProducerId id = kId) {
    return Submit(SubmissionOf(session, sequence, tokens, id));
  }

  int64_t Accepted(const ProducerSession& session, uint64_t sequence, int64_t tokens = 1) {
    int64_t accepted = 0;
    for (const BatchResult& part : Value(Send(session, sequence, tokens))) {
      EXPECT_EQ(part.accepted + part.duplicate, 1);
      accepted += part.accepted;
    }
    return accepted;
  }

  int64_t Calls() { return Top().total.calls; }

  static ProducerId Stranger(uint32_t number) {
    return {9, static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8),
            static_cast<uint8_t>(number)};
  }

  // Rows that the store has of producers. The database is then opened again.
  size_t StoredProducers() {
    Close();
    size_t rows = 0;
    {
      const auto kv = Value(OpenRocksKv(directory()));
      for (auto row = kv->Scan(Family::kMeta, "p", "q"); row->Valid(); row->Next()) {
        ++rows;
      }
    }
    Reopen();
    return rows;
  }

  static constexpr ProducerId kId = {1, 2, 3};
  static constexpr ProducerId kOther = {1, 2, 4};
};

TEST_F(ProducersTest, ABatchSentAgainIsADuplicate) {
  const ProducerSession session = Begin();
  EXPECT_EQ(session.last_sequence, 0U);
  EXPECT_EQ(Accepted(session, 1), 2);
  EXPECT_EQ(Accepted(session, 2), 2);
  EXPECT_EQ(Accepted(session, 1), 0);
  EXPECT_EQ(Accepted(session, 2), 0);
  EXPECT_EQ(Calls(), 4);
}

TEST_F(ProducersTest, TheNextSessionGoesOnWhereTheLastOneEnded) {
  Accepted(Begin(), 1);
  for (int reopened = 0; reopened < 2; ++reopened) {
    EXPECT_EQ(Begin().last_sequence, 1U);
    EXPECT_EQ(Accepted(Begin(), 1), 0);
    Reopen();
  }
  EXPECT_EQ(Accepted(Begin(), 2), 2);
  EXPECT_EQ(Calls(), 4);
}

TEST_F(ProducersTest, ABatchWhoseEventsAreAllRefusedTakesItsPlaceToo) {
  Submission bad;
  bad.parts.push_back(MakeBatch({MakeCall("", "", "planning", 1)}));
  bad.position = {.producer = kId, .session = Begin().session, .sequence = 1, .content = 7};
  EXPECT_EQ(Value(Submit(bad))[0].refusals.size(), 1U);
  // Refused again by index, so that the sender knows which.
  EXPECT_EQ(Value(Submit(bad))[0].refusals.size(), 1U);
  Reopen();
  EXPECT_EQ(Begin().last_sequence, 1U);
}

TEST_F(ProducersTest, AGapIsToldAndNothingBehindItStored) {
  const ProducerSession session = Begin();
  Accepted(session, 1);
  const absl::Status gap = Send(session, 3).status();
  EXPECT_EQ(gap.code(), absl::StatusCode::kOutOfRange);
  EXPECT_NE(gap.message().find("2 is expected"), std::string::npos) << gap;
  EXPECT_EQ(Send(session, 4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Calls(), 2);
  EXPECT_EQ(Accepted(session, 2), 2);
}

TEST_F(ProducersTest, ARowIsWrittenAsTheFormatSays) {
  Accepted(Begin(3), 1, 10);
  Accepted(Begin(3), 2, 20);
  Close();
  const auto row = Value(Value(OpenRocksKv(directory()))
                             ->Get(Family::kMeta, "p" + std::string(kId.begin(), kId.end())));
  EXPECT_EQ(absl::BytesToHexString(row.value_or("")),
            "010302"
            "808092def6caaf06"  // kNowUs.
            "000000000000000a0000000000000014");
  Reopen();
}

TEST_F(ProducersTest, SequencesBeginWithOne) {
  EXPECT_EQ(Send(Begin(), 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ProducersTest, AKnownSequenceWithOtherContentIsAConflict) {
  const ProducerSession session = Begin();
  Accepted(session, 1, 10);
  Accepted(session, 2, 20);
  EXPECT_EQ(Send(session, 1, 11).status().code(), absl::StatusCode::kAlreadyExists);
  Reopen();
  EXPECT_EQ(Send(Begin(), 2, 21).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Accepted(Begin(), 2, 20), 0);
  EXPECT_EQ(Calls(), 4);
}

TEST_F(ProducersTest, OfOldBatchesOnlyTheSequenceIsRemembered) {
  const ProducerSession session = Begin();
  for (uint64_t sequence = 1; sequence <= kProducerContentsMax + 1; ++sequence) {
    Accepted(session, sequence);
  }
  EXPECT_EQ(Accepted(session, 1, 99), 0);
  EXPECT_EQ(Send(session, 2, 99).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ProducersTest, ANewerSessionEndsTheOlderOne) {
  const ProducerSession older = Begin();
  Accepted(older, 1);
  const ProducerSession newer = Begin();
  EXPECT_EQ(Send(older, 2).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Accepted(newer, 2), 2);
  EXPECT_EQ(Calls(), 4);
}

TEST_F(ProducersTest, AHigherEpochBeginsAgainAndEndsTheLowerOnes) {
  const ProducerSession first = Begin(1);
  Accepted(first, 1);
  const ProducerSession second = Begin(2);
  EXPECT_EQ(second.last_sequence, 0U);
  EXPECT_EQ(Accepted(second, 1, 5), 2);
  EXPECT_EQ(Send(first, 2).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(TryBegin(1).status().code(), absl::StatusCode::kFailedPrecondition);
  Reopen();
  EXPECT_EQ(TryBegin(1).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Begin(2).last_sequence, 1U);
}

TEST_F(ProducersTest, ProducersDoNotMeet) {
  const ProducerSession one = Begin(1, kId);
  const ProducerSession other = Begin(1, kOther);
  Value(Send(one, 1, 1, kId));
  Value(Send(other, 1, 2, kOther));
  EXPECT_EQ(Send(one, 3, 1, kId).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Calls(), 4);
}

TEST_F(ProducersTest, AfterNinetyIdleDaysAProducerIsForgotten) {
  Accepted(Begin(), 1);
  clock().Advance(kProducerIdleMaxUs);
  EXPECT_EQ(Begin().last_sequence, 1U);
  clock().Advance(kProducerIdleMaxUs + 1);
  EXPECT_EQ(Begin().last_sequence, 0U);
}

TEST_F(ProducersTest, TheRowOfAForgottenOneIsDeletedWithTheNextGroupThoughThatStoresNothing) {
  Accepted(Begin(), 1);
  Value(Send(Begin(1, kOther), 1, 1, kOther));
  clock().Advance(kProducerIdleMaxUs / 2);
  Begin(1, kOther);  // Is still there.
  clock().Advance(kProducerIdleMaxUs / 2 + 1);
  Value(Send(Begin(1, kOther), 1, 1, kOther));  // A duplicate.
  Close();
  const auto row = Value(OpenRocksKv(directory()))
                       ->Get(Family::kMeta, "p" + std::string(kId.begin(), kId.end()));
  EXPECT_FALSE(Value(row).has_value());
  Reopen();
}

// The calls have no ids: were its place lost, a batch sent again would be counted twice.
TEST_F(ProducersTest, StrangersThatOnlySayHelloPushNobodyOut) {
  const ProducerSession live = Begin();
  EXPECT_EQ(Accepted(live, 1), 2);
  std::vector<ProducerSession> held;  // Some streams stay open.
  for (uint32_t i = 0; i < 30'000; ++i) {
    ProducerSession stranger = Begin(1, Stranger(i));
    if (i % 200 == 0) {
      held.push_back(std::move(stranger));
    }
    clock().Advance(kMicrosPerSecond);
  }
  EXPECT_EQ(Accepted(live, 1), 0);
  EXPECT_EQ(Accepted(live, 2), 2);
  Reopen();
  const ProducerSession next = Begin();
  EXPECT_EQ(next.last_sequence, 2U);
  EXPECT_EQ(Accepted(next, 2), 0);
  EXPECT_EQ(Accepted(next, 3), 2);
  EXPECT_EQ(Calls(), 6);
}

TEST_F(ProducersTest, OneThatHasSentNothingLeavesNothingInTheStore) {
  const ProducerSession silent = Begin(1, kOther);
  EXPECT_EQ(silent.last_sequence, 0U);
  Accepted(Begin(), 1);
  Begin(1, Stranger(1));
  Accepted(Begin(), 2);
  EXPECT_EQ(StoredProducers(), 1U);
}

TEST_F(ProducersTest, NoNumberOfThemPushesOneOutThatHasData) {
  constexpr uint32_t kMany = 3'000;
  for (uint32_t i = 0; i < kMany; ++i) {
    Value(Send(Begin(1, Stranger(i)), 1, 1, Stranger(i)));
  }
  Reopen();
  for (uint32_t i = 0; i < kMany; ++i) {
    EXPECT_EQ(Begin(1, Stranger(i)).last_sequence, 1U);
  }
}

TEST_F(ProducersTest, UnderALiveStreamNothingIsForgottenHoweverLongItIsIdle) {
  const ProducerSession live = Begin();
  Accepted(live, 1);
  for (int day = 0; day < 200; ++day) {
    clock().Advance(kMicrosPerDay);
    const auto stranger = static_cast<uint32_t>(day);
    Value(Send(Begin(1, Stranger(stranger)), 1, 1, Stranger(stranger)));
  }
  EXPECT_EQ(Accepted(live, 1), 0);
  Reopen();  // It was there until now.
  EXPECT_EQ(Accepted(Begin(), 1), 0);
}

TEST_F(ProducersTest, AStreamThatEndsAfterLongIdlenessLeavesItsPlaceForAsLong) {
  {
    const ProducerSession live = Begin();
    Accepted(live, 1);
    clock().Advance(2 * kProducerIdleMaxUs);
  }
  EXPECT_EQ(Begin().last_sequence, 1U);
  Value(Send(Begin(1, kOther), 1, 1, kOther));
  Reopen();
  EXPECT_EQ(Begin().last_sequence, 1U);
}

TEST_F(ProducersTest, TheRowsOfAllForgottenOnesAreDeletedInTime) {
  constexpr uint32_t kMany = 500;
  for (uint32_t i = 0; i < kMany; ++i) {
    Value(Send(Begin(1, Stranger(i)), 1, 1, Stranger(i)));
  }
  clock().Advance(kProducerIdleMaxUs + 1);
  for (uint32_t i = 0; i < kMany / 10; ++i) {  // There need not be as many new ones.
    Value(Send(Begin(1, Stranger(kMany + i)), 1, 1, Stranger(kMany + i)));
  }
  EXPECT_EQ(StoredProducers(), kMany / 10);
}

// Many batches in flight at once, and sessions that end in the middle of them:
// a sender that always goes on from where the database says it is.
TEST_F(ProducersTest, WhereverSessionsEndEveryBatchIsCountedOnce) {
  constexpr uint64_t kBatches = 400;
  std::minstd_rand random(7);
  uint64_t next = 1;
  int64_t accepted = 0;
  while (next <= kBatches) {
    const ProducerSession session = Begin();
    // As if the last acknowledgements had been lost on the way.
    next = 1 + (session.last_sequence > 5 ? session.last_sequence - random() % 5
                                          : session.last_sequence);
    std::vector<std::promise<absl::StatusOr<SubmissionResult>>> answers(1 + random() % 40);
    for (size_t i = 0; i < answers.size(); ++i) {
      const uint64_t sequence = next + i;
      db().Submit(SubmissionOf(session, sequence, static_cast<int64_t>(sequence)),
                  [&answers, i](auto result) { answers[i].set_value(std::move(result)); });
      if (random() % 60 == 0) {
        Begin();  // The rest comes too late.
      }
    }
    for (auto& answer : answers) {
      const auto result = answer.get_future().get();
      accepted += result.ok() ? (*result)[0].accepted + (*result)[1].accepted : 0;
    }
    if (random() % 8 == 0) {
      Reopen();
    }
    next = Begin().last_sequence + 1;
  }
  const int64_t batches = static_cast<int64_t>(next) - 1;
  EXPECT_EQ(accepted, 2 * batches);
  EXPECT_EQ(Calls(), 2 * batches);
  const CallSums total = Top().total;
  EXPECT_EQ(total.usage[UsageClass::kInput], batches * (batches + 1));
}

}  // namespace
}  // namespace itemized::testing
