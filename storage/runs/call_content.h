// SPDX-License-Identifier: Apache-2.0
#pragma once

// Hashes of a call: of its event id, and of what its sender says beside the ids, which tells a
// re-delivery from another call under the same id.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/keyed_hash.h"
#include "storage/block/block.h"
#include "storage/model/usage.h"

namespace itemized {

// Stands for an event id, unique within a run for all practical purposes; 0 for a call
// without an id. It is the number that the hexadecimal digits at the end of the id make (15
// at most), plus a hash of what is before them: ids of a sender that counts up differ little,
// which is how a run is stored. `key` is that of the store (Catalog::id_key), which senders do
// not know: so two ids of different beginnings cannot be made to collide.
using EventFingerprint = uint64_t;
EventFingerprint FingerprintOf(const HashKey& key, absl::string_view event_id);

// 32 bits of XXH3: two different contents are taken for the same once in 2^32.
using CallContent = uint32_t;

// What the hash is made of. The cost is not: it may change with the rates.
struct ContentFields {
  SeriesId series{};
  int64_t time_us = 0;
  int64_t duration_us = 0;
  CallStatus status = CallStatus::kOk;
  bool usage_missing = false;
  Usage usage;              // All zero if missing.
  uint64_t attributes = 0;  // By HashAttribute from 0, over all by rising key.
};
CallContent HashContent(const ContentFields& fields);
uint64_t HashAttribute(uint64_t before, absl::string_view key, absl::string_view value);

// What runs keep of the calls of a block. Does not own `calls`; thread-safe.
class RowContents {
 public:
  // With the fingerprints of the event ids by row, where they are known already; else none.
  explicit RowContents(const CallRows& calls, absl::Span<const EventFingerprint> fingerprints = {})
      : calls_(calls), used_(calls), fingerprints_(fingerprints) {}

  CallContent Of(size_t row) const;
  EventFingerprint FingerprintOf(const HashKey& key, size_t row) const;
  const CallRows& calls() const { return calls_; }

 private:
  uint64_t AttributesOf(size_t row) const;

  const CallRows& calls_;
  const UsedClasses used_;
  const absl::Span<const EventFingerprint> fingerprints_;
};

}  // namespace itemized
