// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every key of a store, in one place: the families, the keys of their rows, and the ranges to
// scan. storage/FORMAT.md ("Families") says what lies under each. PERSISTED: a letter is never
// changed, and never used again for something else. The functions are pure.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "storage/base/bytes.h"

namespace itemized {

enum class Family : uint8_t {
  kMeta = 0,      // Version, entries of the log, and what they say of names, rates, producers.
  kLog = 1,       // Blocks by hour and sequence.
  kRollups = 2,   // Calls by each kind of name and by day.
  kRuns = 3,      // Runs by workflow_id.
  kOutcomes = 4,  // Runs by workflow and hour; unsurfaced spend by series and hour.
};
inline constexpr int kFamilyCount = 5;

namespace keys {

// Single rows of Family::kMeta.
inline constexpr char kVersion[] = "version";
inline constexpr char kIdKey[] = "k";
inline constexpr char kApplied[] = "l";
inline constexpr char kEventsFirstHour[] = "h";
inline constexpr char kViewsFirstHour[] = "d";
inline constexpr char kRepricing[] = "repricing";
inline constexpr char kTrustedTime[] = "t";

// The watermark of a view, in Family::kRollups and kOutcomes; above every key of a row there.
inline constexpr char kWatermark[] = "w";

// The keys that begin with `prefix`: from it to Past(prefix). `prefix` does not end with 0xff.
inline std::string Past(absl::string_view prefix) {
  std::string end(prefix);
  ++end.back();
  return end;
}

// Rows of Family::kMeta, of which there are many: their prefixes and keys.
inline constexpr char kEntries[] = "g";
inline constexpr char kNames[] = "n";
inline constexpr char kSeries[] = "s";
inline constexpr char kProducers[] = "p";
inline constexpr char kRates[] = "r/";

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

// Family::kLog. The blocks of an hour lie between its key and that of the next hour.
inline std::string BlocksOf(uint32_t hour) {
  std::string key;
  AppendBigEndian32(&key, hour);
  return key;
}
inline std::string Block(uint32_t hour, uint64_t sequence) {
  std::string key = BlocksOf(hour);
  AppendBigEndian64(&key, sequence);
  return key;
}

// Family::kRollups. Its keys, and those of kOutcomes, end with a day or an hour.
inline std::string Rollup(uint8_t kind, uint32_t name, uint32_t day) {
  std::string key(1, static_cast<char>(kind));
  AppendBigEndian32(&key, name);
  AppendBigEndian32(&key, day);
  return key;
}

// Family::kOutcomes.
inline constexpr char kOutcomesOfWorkflow = 'o';
inline constexpr char kUnsurfacedOfSeries = 'u';

inline std::string Outcome(char prefix, uint32_t workflow_or_series, uint32_t hour) {
  std::string key(1, prefix);
  AppendBigEndian32(&key, workflow_or_series);
  AppendBigEndian32(&key, hour);
  return key;
}

}  // namespace keys
}  // namespace itemized
