// SPDX-License-Identifier: Apache-2.0
// The bytes of the rows of runs and outcomes, worked out by hand from storage/FORMAT.md. If one of
// these tests fails, stores of earlier versions cannot be read.

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "storage/catalog/catalog.h"
#include "storage/runs/outcomes.h"
#include "storage/runs/run.h"

namespace itemized {
namespace {

constexpr int64_t kCost = 300;

// One value of 300 in bucket 278, which begins with 300.
constexpr char kHistogramOf300[] = "0196020100";

// A catalog whose series 1 is of step 2 and workflow 3.
Catalog SmallCatalog() {
  Catalog catalog;
  SeriesKey key;
  catalog.Intern(key);
  key[NameKind::kStep] = catalog.Intern(NameKind::kStep, "planning");
  catalog.Intern(NameKind::kWorkflow, "report");
  key[NameKind::kWorkflow] = catalog.Intern(NameKind::kWorkflow, "ticket");
  EXPECT_EQ(catalog.Intern(key), SeriesId(1));
  return catalog;
}

// A call without an id at 7 us, and a completion at 5 us.
Run SmallRun(const Catalog& catalog) {
  CallRows calls;
  calls.run_names = {"run-1"};
  calls.weight = {1};
  calls.time_us = {7};
  calls.series = {1};
  calls.run = {0};
  calls.event_ids = {""};
  calls.duration_us = {21};
  calls.status = {CallStatus::kError};
  calls.cost_picos = {kCost};
  calls.flags = {kFlagUnpriced};
  Run run;
  EXPECT_TRUE(run.Apply(RowContents(calls), {0}, {.hour = Hour(0), .sequence = 9}, catalog));
  run.Apply({.time_us = 5,
             .workflow = NameId(2),
             .outcome = Outcome::kShortCircuited,
             .unused_steps = {"plan"}});
  return run;
}

TEST(StoredRun, HasTheseBytes) {
  EXPECT_EQ(absl::BytesToHexString(SmallRun(SmallCatalog()).Encode()),
            "0613"        // Version; short-circuited, with unused steps.
            "01"          // One call:
            "0301"        // series 1, and flags: unpriced,
            "00"          // no id,
            "57ba39aa"    // content: the end of what xxhsum -H3 tells of its words,
            "0eac02"      // 7 us later, 300.
            "030201"      // Completed 2 us before the latest call in workflow 2; one unused step:
            "04706c616e"  // plan.
            "0012");      // Block 9 of the hour of the latest call.
}

// The expected value: the end of what xxhsum -H3 tells of the words 1, 7, 21, 65537, 0, 5.
TEST(StoredRun, HashesOfUsageTheClassesThatAreNotZero) {
  ContentFields fields{.series = SeriesId(1),
                       .time_us = 7,
                       .duration_us = 21,
                       .status = CallStatus::kError,
                       .usage = {}};
  fields.usage.counts[0] = 5;
  const CallContent content = HashContent(fields);
  EXPECT_EQ(content, 0x79b72e43U);
  std::swap(fields.usage.counts[0], fields.usage.counts[1]);
  EXPECT_NE(HashContent(fields), content);
}

// Three calls of two senders, whose ids count up.
itemized::Run RunWithIds(const Catalog& catalog) {
  CallRows calls;
  calls.run_names = {"run-1"};
  calls.weight = {1, 1, 1};
  calls.time_us = {7, 7, 7};
  calls.series = {1, 1, 1};
  calls.run = {0, 0, 0};
  calls.event_ids = {"x-1f", "x-20", "y-20"};
  calls.duration_us = {0, 0, 0};
  calls.status = {CallStatus::kOk, CallStatus::kOk, CallStatus::kOk};
  calls.cost_picos = {kCost, kCost, kCost};
  calls.flags = {0, 0, 0};
  itemized::Run run;
  EXPECT_TRUE(run.Apply(RowContents(calls), {0, 1, 2}, {.hour = Hour(0), .sequence = 9}, catalog));
  return run;
}

// What a run with the calls of RunWithIds says of a row of one call.
bool Takes(const std::string& event_id, int8_t weight) {
  const Catalog catalog = SmallCatalog();
  itemized::Run run = RunWithIds(catalog);
  CallRows calls;
  calls.run_names = {"run-1"};
  calls.weight = {weight};
  calls.time_us = {7};
  calls.series = {1};
  calls.run = {0};
  calls.event_ids = {event_id};
  calls.duration_us = {0};
  calls.status = {CallStatus::kOk};
  calls.cost_picos = {kCost};
  calls.flags = {0};
  return run.Apply(RowContents(calls), {0}, {.hour = Hour(0), .sequence = 10}, catalog);
}

TEST(StoredRun, RefusesRowsThatDoNotFollowFromThoseBefore) {
  EXPECT_TRUE(Takes("x-21", 1));
  EXPECT_TRUE(Takes("x-20", -1));
  EXPECT_FALSE(Takes("x-20", 1)) << "the call is there already";
  EXPECT_FALSE(Takes("x-21", -1)) << "there is no such call";
  EXPECT_FALSE(Takes("", -1)) << "a call without an id is only priced again";
}

TEST(StoredRun, KeepsOfCallsTheirIdsAndTotals) {
  const Catalog catalog = SmallCatalog();
  const itemized::Run run = RunWithIds(catalog);
  EXPECT_EQ(absl::BytesToHexString(run.Encode()),
            "0600"                  // Version; open.
            "0300880e07"            // Three calls, all priced, for 900, the latest at 7;
            "0300"                  // workflow 3, named from 0 us before.
            "03"                    // Three ids:
            "01040691b075e7d80abd"  // SipHash-1-3 of "x-" and 2 under key 0, and 1f;
            "04"                    // one more;
            "0104921c80669502e89d"  // of another sender.
            "0012");                // Block 9 of the hour of the latest call.
  const auto read = itemized::Run::Decode(run.Encode(), catalog);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->is_brief());
  EXPECT_EQ(read->calls(), 3);
  EXPECT_EQ(read->unpriced_calls(), 0);
  EXPECT_EQ(read->cost(), 3 * kCost);
  EXPECT_EQ(read->AnchorUs(), 7);
  EXPECT_EQ(read->workflow(), NameId(3));
  ASSERT_EQ(read->ledger().size(), 3U);
  for (const RunCall& call : run.ledger()) {
    const RunCall* const found = read->Find(call.fingerprint);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(found->brief);
  }
}

TEST(StoredRun, KeepsCallsInFullWhoseBlocksWillBeDropped) {
  const Catalog catalog = SmallCatalog();
  itemized::Run run = RunWithIds(catalog);
  run.KeepCalls();
  const std::string same = "251e4901";  // Their content.
  EXPECT_EQ(absl::BytesToHexString(run.Encode()),
            absl::StrCat("0608",                                        // Version; open, in full.
                         "03",                                          // Three calls of series 1:
                         "030400", "0691b075e7d80abd", same, "0eac02",  // the id, content, 7 us;
                         "0202", same, "00ac02",                        // one more;
                         "030400", "921c80669502e89d", same, "00ac02",  // of another sender.
                         "0012"));
  const auto read = itemized::Run::Decode(run.Encode(), catalog);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->is_brief());
  EXPECT_TRUE(read->keeps_calls());
  EXPECT_EQ(read->ledger(), run.ledger());
}

TEST(StoredRun, TakesItsCallsOnlyFromARunOfTheSameTotalsAndBlocks) {
  const Catalog catalog = SmallCatalog();
  const itemized::Run run = RunWithIds(catalog);
  auto read = itemized::Run::Decode(run.Encode(), catalog);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->TakeCalls(itemized::Run()));
  EXPECT_TRUE(read->is_brief());
  EXPECT_TRUE(read->TakeCalls(RunWithIds(catalog)));
  EXPECT_FALSE(read->is_brief());
  EXPECT_EQ(read->ledger(), run.ledger());
}

constexpr HashKey kKey = {1, 2};

TEST(Fingerprint, CountsWithTheEndOfTheId) {
  EXPECT_EQ(FingerprintOf(kKey, ""), 0U);
  EXPECT_EQ(FingerprintOf(kKey, "sender-20") - FingerprintOf(kKey, "sender-1f"), 1U);
  EXPECT_EQ(FingerprintOf(kKey, "sender-00000000000000000020") -
                FingerprintOf(kKey, "sender-0000000000000000001f"),
            1U);
}

TEST(Fingerprint, TellsIdsApart) {
  std::set<EventFingerprint> seen;
  size_t ids = 0;
  for (const char* prefix : {"", "a", "-", "sender-", "sender-A", "Sender-", "0", "00000000"}) {
    for (int number = 0; number < 5'000; ++number) {
      seen.insert(FingerprintOf(kKey, absl::StrCat(prefix, "-", number)));
      seen.insert(FingerprintOf(kKey, absl::StrCat(prefix, "-0", number)));
      seen.insert(FingerprintOf(kKey, absl::StrCat(prefix, "-", absl::Hex(number), "z")));
      ids += 3;
    }
  }
  EXPECT_EQ(seen.size(), ids);
}

TEST(StoredRun, IsReadBackWithAllThatFollowsFromIt) {
  const Catalog catalog = SmallCatalog();
  const itemized::Run run = SmallRun(catalog);
  const auto read = itemized::Run::Decode(run.Encode(), catalog);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->Encode(), run.Encode());
  EXPECT_EQ(read->calls(), 1);
  EXPECT_EQ(read->unpriced_calls(), 1);
  EXPECT_EQ(read->cost(), kCost);
  EXPECT_EQ(read->AnchorUs(), 5);
  EXPECT_EQ(read->workflow(), NameId(2));
}

TEST(StoredRun, CutShortOrOfUnknownVersionOrSeriesIsRefused) {
  const Catalog catalog = SmallCatalog();
  for (const std::string& bytes : {SmallRun(catalog).Encode(), RunWithIds(catalog).Encode()}) {
    for (size_t size = 0; size + 2 < bytes.size(); ++size) {
      EXPECT_FALSE(itemized::Run::Decode(bytes.substr(0, size), catalog).has_value()) << size;
    }
    EXPECT_FALSE(itemized::Run::Decode("\x03" + bytes.substr(1), catalog).has_value());
    EXPECT_FALSE(itemized::Run::Decode(bytes, Catalog()).has_value());
  }
}

TEST(StoredOutcomes, HaveTheseBytesAndAreReadBack) {
  OutcomeCell cell;
  cell.Add({.workflow = NameId(2),
            .anchor_us = 5,
            .outcome = Outcome::kCompleted,
            .calls = 1,
            .unpriced_calls = 1,
            .cost = kCost,
            .unsurfaced = 2},
           1);
  std::string bytes;
  cell.EncodeTo(&bytes);
  EXPECT_EQ(absl::BytesToHexString(bytes),
            absl::StrCat("0002000000",  // Runs by outcome: one completed.
                         "0202",        // Its calls, those unpriced.
                         "d804d80404",  // Spend, of completed runs, unsurfaced.
                         kHistogramOf300));
  absl::string_view in = bytes;
  OutcomeCell read;
  ASSERT_TRUE(read.DecodeFrom(&in));
  EXPECT_EQ(read.sums, cell.sums);
  EXPECT_EQ(read.completed_cost, cell.completed_cost);
}

}  // namespace
}  // namespace itemized
