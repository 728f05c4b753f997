// SPDX-License-Identifier: Apache-2.0
#pragma once

// The single rows of Family::kMeta that entries of the log set, apart from those of names, blocks
// and producers, which have folders and classes of their own.

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/kv/kv.h"
#include "storage/log/entry.h"
#include "storage/pricing/rate_book.h"
#include "storage/pricing/rate_change.h"
#include "storage/pricing/repricing_job.h"

namespace itemized {

// Adds the rows of rates and of the repricing mark that `entry` changes to `batch`. Rates of
// `before`, the book as it was, that are replaced or removed go on in rows of the past.
void AddRateRows(const Entry& entry, const RateBook& before, KvBatch* batch);

// A job, and the blocks that it has written so far, by rising sequence.
struct StoredJob {
  RepricingJob job;
  std::vector<BlockRef> blocks;
};
using StoredJobs = std::map<uint64_t, StoredJob>;  // Keyed by the job's id.

// Adds the rows of the job of `entry`, if it has one, to `batch`; and does to `jobs` what it says.
void AddJobRows(const Entry& entry, KvBatch* batch);
void ApplyJob(const Entry& entry, StoredJobs* jobs);

// Adds the rows of the notes of `entry`.
void AddNoteRows(const Entry& entry, KvBatch* batch);

// Reads the row of a note back, whose key is `key`. DATA_LOSS if malformed.
absl::StatusOr<Note> ReadNoteRow(absl::string_view key, absl::string_view row);

// These read what was added. DATA_LOSS if malformed, else the errors of Kv.
absl::Status LoadJobs(const Kv& kv, StoredJobs* jobs);
absl::Status LoadRates(const Kv& kv, RateBook* book);
absl::StatusOr<std::vector<EndedRate>> LoadEndedRates(const Kv& kv);
absl::Status LoadRepricing(const Kv& kv, RepricingMark* mark);

// Add and read the row that says how far the rows of the store follow the log. Errors are those of
// LoadRates.
void AddAppliedRow(const LogPosition& position, KvBatch* batch);
absl::Status LoadApplied(const Kv& kv, LogPosition* position);

}  // namespace itemized
