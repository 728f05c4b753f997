// SPDX-License-Identifier: Apache-2.0
#pragma once

// A batch whose events have been checked one by one, which is all that can be done before its turn
// comes to be committed.

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "storage/ingest/batch_reader.h"
#include "storage/model/event_batch.h"
#include "storage/model/served_as.h"
#include "storage/pricing/rate_lookups.h"
#include "storage/runs/run.h"

namespace itemized {

struct CheckedCall {
  CallView view;  // Points into the batch.
  EventFingerprint fingerprint = 0;
};

struct CheckedBatch {
  EventBatch batch;
  // Events that are good by themselves; what they cost or repeat is still to be seen.
  std::vector<CheckedCall> calls;
  std::vector<uint32_t> completions;  // Places among the completions of the batch.
  BatchResult refused;                // Has all other events.
  std::vector<AttributeView> attributes;
  std::vector<size_t> usage_classes;  // The classes that have a column.
  bool says_how_served = false;       // Whether any name of the batch is a key of ServedAs.

  // Whether any of the calls may take the place of a stored one.
  bool has_revisions() const { return !batch.calls.revision.empty(); }

  // Returns a name of a call; empty for a column that is not there.
  absl::string_view Text(uint32_t name) const {
    return name == BatchReader::kEmptyName ? absl::string_view() : batch.calls.strings[name];
  }
  // Returns the usage of a call; all zero if it is missing.
  Usage UsageOf(const CallView& call) const {
    Usage usage;
    for (size_t c = 0; c < kUsageClassCount; ++c) {
      const absl::Span<const int64_t> counts = batch.calls.usage[c];
      usage.counts[c] = counts.empty() || call.usage_missing ? 0 : counts[call.row];
    }
    return usage;
  }
  // How a call was served, by its attributes. Cheap where `says_how_served` is false and there are
  // no contracts.
  ServedAs ServedOf(const CallView& call, const Contracts& contracts) const {
    ServedAs served;
    if (says_how_served || !contracts.empty()) {
      for (const auto& [key, value] : AttributesOf(call)) {
        served.Note(Text(key), Text(value), contracts);
      }
    }
    return served;
  }
  absl::Span<const AttributeView> AttributesOf(const CallView& call) const {
    return absl::MakeConstSpan(attributes)
        .subspan(call.attributes_begin, call.attributes_end - call.attributes_begin);
  }
};

// Checks a batch that came at `now_us`. `id_key` is Catalog::id_key.
CheckedBatch CheckBatch(EventBatch batch, int64_t now_us, const HashKey& id_key);

// Drops every call of which the same submission has a higher revision; it counts as a duplicate.
// `batches` are those of the submission.
void DropSuperseded(absl::Span<CheckedBatch> batches);

// Looks up the rates of the batch's models, so that the committer finds them.
void FindRates(const CheckedBatch& batch, RateLookups* rates);

// Returns what a sender is told of a batch that is stored already.
BatchResult AllDuplicate(const CheckedBatch& batch);

}  // namespace itemized
