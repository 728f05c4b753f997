// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/escaping.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log/entry.h"
#include "tests/storage/log/entries_for_test.h"

namespace itemized {
namespace {

using ::testing::HasSubstr;

void ExpectSame(const Entry& a, const Entry& b) {
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.catalog, b.catalog);
  EXPECT_EQ(a.forgotten_producers, b.forgotten_producers);
  EXPECT_EQ(a.recorded_us, b.recorded_us);
  EXPECT_EQ(a.job, b.job);
  EXPECT_EQ(a.producers, b.producers);
  ASSERT_EQ(a.rates_set.size(), b.rates_set.size());
  for (size_t i = 0; i < a.rates_set.size(); ++i) {
    EXPECT_EQ(a.rates_set[i]->rate(), b.rates_set[i]->rate());
  }
  EXPECT_EQ(a.rates_removed, b.rates_removed);
  EXPECT_EQ(a.repricing, b.repricing);
  EXPECT_EQ(a.events_first_hour, b.events_first_hour);
  EXPECT_EQ(a.runs_dropped, b.runs_dropped);
  EXPECT_EQ(a.runs_kept, b.runs_kept);
  EXPECT_EQ(a.views_first_hour, b.views_first_hour);
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_EQ(a.notes_dropped, b.notes_dropped);
  ASSERT_EQ(a.blocks.size(), b.blocks.size());
  for (size_t i = 0; i < a.blocks.size(); ++i) {
    EXPECT_EQ(a.blocks[i].ref, b.blocks[i].ref);
  }
}

TEST(EntryCodec, GivesBackAllThatAnEntrySays) {
  Entry entry = FullEntry();
  entry.index = 77;
  const absl::StatusOr<Entry> decoded = DecodeEntry(77, EncodeEntry(entry));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ExpectSame(entry, *decoded);
}

TEST(EntryCodec, TellsAMarkThatIsTakenAwayFromOneThatStaysAsItIs) {
  Entry entry;
  EXPECT_FALSE(DecodeEntry(1, EncodeEntry(entry))->repricing.has_value());
  entry.repricing = RepricingMark();
  const Entry taken_away = DecodeEntry(1, EncodeEntry(entry)).value();
  ASSERT_TRUE(taken_away.repricing.has_value());
  EXPECT_FALSE(taken_away.repricing->from_us.has_value());
}

// Stores of earlier versions cannot be read if this changes (storage/FORMAT.md, "Entry").
TEST(EntryCodec, HasTheseBytes) {
  EXPECT_EQ(absl::BytesToHexString(EncodeEntry(Entry())), "01");
  Entry entry = FullEntry();
  entry.rates_set.clear();
  entry.recorded_us = 0;
  entry.repricing->unpriced_from_us.reset();
  entry.job.reset();
  EXPECT_EQ(absl::BytesToHexString(EncodeEntry(entry)),
            "01"  // Version.
            "01"
            "0000000000000001"
            "0000000000000002"  // Key of the event ids.
            "02"
            "02"
            "00"
            "02"
            "08706c616e6e696e67"  // Names: two; step 2, "planning";
            "03"
            "02"
            "06736f6e6e6574"  // model 2, "sonnet".
            "03"
            "02"
            "02000002"
            "02010002"
            "07"  // Series: two; from 7 on.
            "04"
            "01"
            "09000000000000000000000000000000"  // A producer that is forgotten.
            "05"
            "01"
            "01000000000000000000000000000000"  // One that has come on:
            "03"
            "08"
            "09"
            "02"  // epoch 3, sequence 8, seen at -5, two batches
            "000000000000000b"
            "000000000000000c"  // with these contents.
            "07"
            "01"
            "036b6579"  // A rate that is removed: "key".
            "08"
            "01"  // Calls from the instant 0 on.
            "09"
            "30"
            "01"  // Events from hour 48 on; dropping.
            "0a"
            "01"
            "036f6c64"  // A run that is dropped: "old".
            "0b"
            "02"
            "046c6f6e67"
            "00"  // Two that are kept: "long" and "".
            "0c"
            "18"  // Views from hour 24 on.
            "0d"
            "ac02"
            "02"
            "32"
            "31"  // Blocks: from 300 on two, of hours 50 and 49.
            "11"
            "02"
            "036b6579"
            "0576616c7565"
            "0a"  // The note "key", which is "value", of the instant 5.
            "02006b"
            "0000"
            "12"
            "01"
            "036f6c64");  // A note that is dropped: "old".
}

TEST(EntryCodec, HasTheseBytesBehindItsBlocks) {
  Entry entry = FullEntry();
  Entry rest;
  rest.recorded_us = entry.recorded_us;
  rest.repricing = entry.repricing;
  rest.job = entry.job;
  EXPECT_EQ(absl::BytesToHexString(EncodeEntry(rest)),
            "01"
            "08"
            "01"
            "0e"
            "85808080a09c01"  // Recorded at this instant.
            "0f"
            "02"  // Unpriced calls from the instant 1 on.
            "10"
            "05"
            "15"  // The job 5, whose bytes are those of EncodeJob.
            "0101"
            "00"
            "8080c28f8ccee419"
            "00"
            "01016d"
            "04"
            "06"
            "00"
            "04"
            "0e"
            "01");
}

TEST(EntryCodec, RefusesWhatIsCutOffOrFollowedBySomething) {
  const std::string bytes = EncodeEntry(FullEntry());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::StatusOr<Entry> decoded = DecodeEntry(5, bytes.substr(0, size));
    if (decoded.ok()) {  // Cut off between two sections: a shorter entry.
      EXPECT_EQ(EncodeEntry(*decoded), bytes.substr(0, size));
    } else {
      EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
      EXPECT_THAT(decoded.status().message(), HasSubstr("entry 5 of the log cannot be read."));
    }
  }
  EXPECT_FALSE(DecodeEntry(5, bytes + '\x01').ok());
}

TEST(EntryCodec, RefusesSectionsThatDoNotRiseOrAreNotKnown) {
  const std::string views("\x0c\x18", 2);
  EXPECT_TRUE(DecodeEntry(1, "\x01" + views).ok());
  EXPECT_FALSE(DecodeEntry(1, "\x01" + views + views).ok());
  EXPECT_FALSE(DecodeEntry(1, std::string("\x01\x7f\x01", 3)).ok());
  EXPECT_FALSE(DecodeEntry(1, "\x02" + views).ok());
}

}  // namespace
}  // namespace itemized
