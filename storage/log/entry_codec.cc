// SPDX-License-Identifier: Apache-2.0
// The persisted form of an entry, version 1 (storage/FORMAT.md, "Entry"): sections, each with
// its tag, in rising order; one that would be empty is left out.

#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/log/entry.h"
#include "storage/log/entry_fields.h"

namespace itemized {
namespace {

constexpr char kVersion = 1;

// PERSISTED: never change or reuse a number.
enum Tag : char {
  kIdKey = 1,
  kNames = 2,
  kSeries = 3,
  kForgottenProducers = 4,
  kProducers = 5,
  kRatesSet = 6,
  kRatesRemoved = 7,
  kRepricing = 8,
  kEventsFirstHour = 9,
  kRunsDropped = 10,
  kRunsKept = 11,
  kViewsFirstHour = 12,
  kBlocks = 13,
  kRecorded = 14,
  kRepricingUnpriced = 15,
  kJob = 16,
  kNotes = 17,
  kNotesDropped = 18,
};

template <typename T, typename Append>
void AppendList(Tag tag, const std::vector<T>& list, Append append, std::string* out) {
  if (list.empty()) {
    return;
  }
  out->push_back(tag);
  AppendVarint(out, list.size());
  for (const T& item : list) {
    append(item, out);
  }
}

void AppendIdKey(const HashKey& key, std::string* out) {
  for (const uint64_t word : key) {
    AppendBigEndian64(out, word);
  }
}

void AppendCatalog(const CatalogAdditions& catalog, std::string* out) {
  if (catalog.id_key.has_value()) {
    out->push_back(kIdKey);
    AppendIdKey(*catalog.id_key, out);
  }
  AppendList(kNames, catalog.names, AppendName, out);
  if (!catalog.series.empty()) {
    AppendList(kSeries, catalog.series, AppendSeries, out);
    AppendVarint(out, catalog.first_series.value());
  }
}

void AppendBlocks(const std::vector<Block>& blocks, std::string* out) {
  if (blocks.empty()) {
    return;
  }
  out->push_back(kBlocks);
  AppendVarint(out, blocks.front().ref.sequence);
  AppendVarint(out, blocks.size());
  for (const Block& block : blocks) {
    AppendVarint(out, block.ref.hour.value());
  }
}

bool ReadBlocks(absl::string_view* in, std::vector<Block>* blocks) {
  BlockSequence sequence = 0;
  uint64_t count = 0;
  if (!ReadVarint(in, &sequence) || !ReadVarint(in, &count) || count == 0 || count > in->size()) {
    return false;
  }
  blocks->resize(count);
  for (Block& block : *blocks) {
    block.ref.sequence = sequence++;
    if (!ReadVarintId(in, &block.ref.hour)) {
      return false;
    }
  }
  return true;
}

void AppendInstant(const std::optional<int64_t>& instant_us, std::string* out) {
  AppendVarint(out, instant_us.has_value() ? static_cast<uint64_t>(*instant_us) + 1 : 0);
}

// Reads an instant that may be absent, which is written as 0.
bool ReadInstant(absl::string_view* in, std::optional<int64_t>* instant_us) {
  uint64_t raw = 0;
  if (!ReadVarint(in, &raw) || raw > uint64_t{kTimeMaxUs} + 1) {
    return false;
  }
  if (raw > 0) {
    *instant_us = static_cast<int64_t>(raw - 1);
  }
  return true;
}

bool ReadRepricing(absl::string_view* in, Entry* entry) {
  return ReadInstant(in, &entry->repricing.emplace().from_us);
}

bool ReadRepricingUnpriced(absl::string_view* in, Entry* entry) {
  return entry->repricing.has_value() && ReadInstant(in, &entry->repricing->unpriced_from_us) &&
         entry->repricing->unpriced_from_us.has_value();
}

void AppendJob(const RepricingJob& job, std::string* out) {
  out->push_back(kJob);
  AppendVarint(out, job.id);
  AppendSized(out, EncodeJob(job));
}

bool ReadJob(absl::string_view* in, Entry* entry) {
  uint64_t id = 0;
  absl::string_view bytes;
  if (!ReadVarint(in, &id) || !ReadSized(in, &bytes)) {
    return false;
  }
  entry->job = DecodeJob(id, bytes);
  return entry->job.has_value();
}

bool ReadEventsFirstHour(absl::string_view* in, Entry* entry) {
  Hour hour;
  uint32_t dropping = 0;
  if (!ReadVarintId(in, &hour) || !ReadVarint32(in, &dropping) || dropping > 1) {
    return false;
  }
  entry->events_first_hour = EventsFirstHour{.hour = hour, .is_dropping = dropping == 1};
  return true;
}

bool ReadIdKey(absl::string_view* in, Entry* entry) {
  HashKey& key = entry->catalog.id_key.emplace();
  return ReadBigEndian64(in, &key[0]) && ReadBigEndian64(in, &key[1]);
}

bool ReadViewsFirstHour(absl::string_view* in, Entry* entry) {
  return ReadVarintId(in, &entry->views_first_hour.emplace());
}

bool ReadRecorded(absl::string_view* in, Entry* entry) {
  uint64_t instant = 0;
  if (!ReadVarint(in, &instant) || instant == 0 || instant > uint64_t{kTimeMaxUs}) {
    return false;
  }
  entry->recorded_us = static_cast<int64_t>(instant);
  return true;
}

bool ReadSection(char tag, absl::string_view* in, Entry* entry) {
  switch (tag) {
    case kIdKey:
      return ReadIdKey(in, entry);
    case kNames:
      return ReadList(in, ReadName, &entry->catalog.names);
    case kSeries:
      return ReadList(in, ReadSeries, &entry->catalog.series) &&
             ReadVarintId(in, &entry->catalog.first_series);
    case kForgottenProducers:
      return ReadList(in, ReadId, &entry->forgotten_producers);
    case kProducers:
      return ReadList(in, ReadProgress, &entry->producers);
    case kRatesSet:
      return ReadList(in, ReadRate, &entry->rates_set);
    case kRatesRemoved:
      return ReadList(in, ReadText, &entry->rates_removed);
    case kRepricing:
      return ReadRepricing(in, entry);
    case kEventsFirstHour:
      return ReadEventsFirstHour(in, entry);
    case kRunsDropped:
      return ReadList(in, ReadText, &entry->runs_dropped);
    case kRunsKept:
      return ReadList(in, ReadText, &entry->runs_kept);
    case kViewsFirstHour:
      return ReadViewsFirstHour(in, entry);
    case kBlocks:
      return ReadBlocks(in, &entry->blocks);
    case kRecorded:
      return ReadRecorded(in, entry);
    case kRepricingUnpriced:
      return ReadRepricingUnpriced(in, entry);
    case kJob:
      return ReadJob(in, entry);
    case kNotes:
      return ReadList(in, ReadNote, &entry->notes);
    case kNotesDropped:
      return ReadList(in, ReadText, &entry->notes_dropped);
    default:
      return false;
  }
}

}  // namespace

std::string EncodeEntry(const Entry& entry) {
  std::string out(1, kVersion);
  AppendCatalog(entry.catalog, &out);
  AppendList(kForgottenProducers, entry.forgotten_producers, AppendId, &out);
  AppendList(kProducers, entry.producers, AppendProgress, &out);
  AppendList(kRatesSet, entry.rates_set, AppendRate, &out);
  AppendList(kRatesRemoved, entry.rates_removed, AppendText, &out);
  if (entry.repricing.has_value()) {
    out.push_back(kRepricing);
    AppendInstant(entry.repricing->from_us, &out);
  }
  if (entry.events_first_hour.has_value()) {
    out.push_back(kEventsFirstHour);
    AppendVarint(&out, entry.events_first_hour->hour.value());
    AppendVarint(&out, entry.events_first_hour->is_dropping ? 1 : 0);
  }
  AppendList(kRunsDropped, entry.runs_dropped, AppendText, &out);
  AppendList(kRunsKept, entry.runs_kept, AppendText, &out);
  if (entry.views_first_hour.has_value()) {
    out.push_back(kViewsFirstHour);
    AppendVarint(&out, entry.views_first_hour->value());
  }
  AppendBlocks(entry.blocks, &out);
  if (entry.recorded_us != 0) {
    out.push_back(kRecorded);
    AppendVarint(&out, static_cast<uint64_t>(entry.recorded_us));
  }
  if (entry.repricing.has_value() && entry.repricing->unpriced_from_us.has_value()) {
    out.push_back(kRepricingUnpriced);
    AppendInstant(entry.repricing->unpriced_from_us, &out);
  }
  if (entry.job.has_value()) {
    AppendJob(*entry.job, &out);
  }
  AppendList(kNotes, entry.notes, AppendNote, &out);
  AppendList(kNotesDropped, entry.notes_dropped, AppendText, &out);
  return out;
}

absl::StatusOr<Entry> DecodeEntry(EntryIndex index, absl::string_view bytes) {
  Entry entry;
  entry.index = index;
  bool is_good = !bytes.empty() && bytes.front() == kVersion;
  char last = 0;
  for (bytes.remove_prefix(is_good ? 1 : 0); is_good && !bytes.empty();) {
    const char tag = bytes.front();
    bytes.remove_prefix(1);
    is_good = tag > last && ReadSection(tag, &bytes, &entry);
    last = tag;
  }
  if (!is_good) {
    return absl::DataLossError(absl::StrCat("The store is damaged: entry ", index,
                                            " of the log cannot be read. "
                                            "Restore the data directory from a backup."));
  }
  return entry;
}

}  // namespace itemized
