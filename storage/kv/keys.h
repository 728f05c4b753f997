// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every key of a store, in one place: the families, the keys of their rows, and the ranges to
// scan. storage/FORMAT.md ("Families") says what lies under each. PERSISTED: a letter is never
// changed, and never used again for something else. The functions are pure.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "storage/base/bytes.h"
#include "storage/base/time.h"

namespace itemized {

enum class Family : uint8_t {
  kMeta = 0,      // Version, entries of the log, and what they say of names, rates, producers.
  kLog = 1,       // The blocks of entries, keyed by hour and sequence.
  kRollups = 2,   // Sums of calls, keyed by kind of name, name and day.
  kRuns = 3,      // Runs, keyed by workflow_id.
  kOutcomes = 4,  // Runs by workflow and hour; unsurfaced spend by series and hour.
  kNotes = 5,     // What protocols keep beside calls, by their own keys.
};
inline constexpr int kFamilyCount = 6;

namespace keys {

// These keys are of single rows in Family::kMeta.
inline constexpr char kVersion[] = "version";
inline constexpr char kIdKey[] = "k";
inline constexpr char kApplied[] = "l";
inline constexpr char kEventsFirstHour[] = "h";
inline constexpr char kViewsFirstHour[] = "d";
inline constexpr char kRepricing[] = "repricing";
inline constexpr char kRepricingUnpriced[] = "repricing-unpriced";
inline constexpr char kTrustedTime[] = "t";

// The key of a view's watermark, in Family::kRollups and kOutcomes; it sorts after every other key
// there.
inline constexpr char kWatermark[] = "w";
// That in Family::kRuns, where every other key is text in UTF-8, which has no such byte.
inline constexpr char kRunsWatermark[] = "\xff";

// Returns the end of the range of keys that begin with `prefix`: [prefix, Past(prefix)). It is
// empty, as Kv::Scan has it, if no other keys come behind them.
inline std::string Past(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') {
    end.pop_back();
  }
  if (!end.empty()) {
    ++end.back();
  }
  return end;
}

// These prefixes, and the functions below, are of rows of which Family::kMeta has many.
inline constexpr char kEntries[] = "g";
inline constexpr char kNames[] = "n";
inline constexpr char kSeries[] = "s";
inline constexpr char kProducers[] = "p";
inline constexpr char kRates[] = "r/";
inline constexpr char kEndedRates[] = "q/";
inline constexpr char kJobs[] = "j";
inline constexpr char kJobBlocks[] = "b";

inline std::string Entry(uint64_t index) {
  std::string key = kEntries;
  AppendBigEndian64(&key, index);
  return key;
}
inline std::string Name(uint8_t kind, uint32_t id) {
  std::string key = kNames;
  key.push_back(static_cast<char>(kind));
  AppendBigEndian32(&key, id);
  return key;
}
inline std::string Series(uint32_t id) {
  std::string key = kSeries;
  AppendBigEndian32(&key, id);
  return key;
}
inline std::string Producer(absl::string_view id) {
  return absl::StrCat(kProducers, id);
}
inline std::string Rate(absl::string_view rate_key) {
  return absl::StrCat(kRates, rate_key);
}
inline std::string Job(uint64_t id) {
  std::string key = kJobs;
  AppendBigEndian64(&key, id);
  return key;
}
// The blocks that an entry adds to a job.
inline std::string JobBlocks(uint64_t id, uint64_t entry) {
  std::string key = kJobBlocks;
  AppendBigEndian64(&key, id);
  AppendBigEndian64(&key, entry);
  return key;
}
// Several rates of one key may have ended, each with another entry.
inline std::string EndedRate(absl::string_view rate_key, uint64_t entry) {
  std::string key = absl::StrCat(kEndedRates, rate_key);
  AppendBigEndian64(&key, entry);
  return key;
}

// Keys of Family::kLog: the blocks of an hour lie from BlocksOf(hour) to BlocksOf(hour + 1).
inline std::string BlocksOf(Hour hour) {
  std::string key;
  AppendBigEndian32(&key, hour.value());
  return key;
}
inline std::string Block(Hour hour, uint64_t sequence) {
  std::string key = BlocksOf(hour);
  AppendBigEndian64(&key, sequence);
  return key;
}

// A key of Family::kRollups. Keys there end with a day, and those of kOutcomes with an hour.
inline std::string Rollup(uint8_t kind, uint32_t name, Day day) {
  std::string key(1, static_cast<char>(kind));
  AppendBigEndian32(&key, name);
  AppendBigEndian32(&key, day.value());
  return key;
}

// Keys of Family::kNotes are longer than this. Tables have filters of what they begin with, so that
// a scan of one such beginning, mostly of a trace that is new, need not look into them.
inline constexpr size_t kNotePrefixBytes = 16;

// Keys of Family::kOutcomes begin with one of these letters.
inline constexpr char kOutcomesOfWorkflow = 'o';
inline constexpr char kUnsurfacedOfSeries = 'u';

inline std::string Outcome(char prefix, uint32_t workflow_or_series, Hour hour) {
  std::string key(1, prefix);
  AppendBigEndian32(&key, workflow_or_series);
  AppendBigEndian32(&key, hour.value());
  return key;
}

}  // namespace keys
}  // namespace itemized
