// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two hashes of a call. That of its event id finds the call in its run; that of what its sender
// says beside the ids tells a re-delivery from another call under the same id.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "storage/base/keyed_hash.h"
#include "storage/block/block.h"
#include "storage/model/usage.h"

namespace itemized {

// Stands for an event id, unique within a run for all practical purposes; 0 for a call without an
// id. It is the number that the last hexadecimal digits of the id make (15 at most), plus a hash of
// what is before them. So the fingerprints of a sender that counts up differ little, and a run can
// store the differences. `key` is that of the store (Catalog::id_key), which senders do not know:
// two ids with different beginnings cannot be made to collide.
using EventFingerprint = uint64_t;
EventFingerprint FingerprintOf(const HashKey& key, absl::string_view event_id);

// 32 bits of XXH3 over ContentFields: two different contents are taken for the same once in 2^32.
using CallContent = uint32_t;

// The fields that HashContent looks at. The cost is none of them: it may change with the rates. Nor
// is what the provider reported as the cost, since a store of an earlier version has kept calls
// without it, of which a re-delivery is a duplicate still: a higher revision brings another one.
struct ContentFields {
  SeriesId series{};
  int64_t time_us = 0;
  int64_t duration_us = 0;
  CallStatus status = CallStatus::kOk;
  bool usage_missing = false;
  Usage usage;              // All zero if it is missing.
  uint64_t attributes = 0;  // HashAttribute of all attributes, by rising key, starting from 0.
};
CallContent HashContent(const ContentFields& fields);

// Returns the hash of one more attribute after those that `before` is the hash of.
uint64_t HashAttribute(uint64_t before, absl::string_view key, absl::string_view value);

// Hashes the calls of a block, which is what runs keep of them. Does not own `calls`. Thread-safe.
class RowContents {
 public:
  // `fingerprints` are those of the event ids by row. If there are none, they are made from the
  // ids.
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
