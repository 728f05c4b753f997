// SPDX-License-Identifier: Apache-2.0
#include "storage/runs/call_content.h"

#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {
namespace {

// The words that a content hash is of. PERSISTED (storage/FORMAT.md, "Run"): never change. Only the
// usage classes that are not zero are hashed, each with its number, since most are zero.
class Words {
 public:
  void AddUsage(size_t usage_class, int64_t count) {
    words_[size_] = static_cast<uint64_t>(count);
    size_ += count != 0 ? 1 : 0;
    classes_ |= uint64_t{count != 0} << usage_class;
  }
  // Hashes the usage added before and all of `fields` but its usage.
  CallContent Hash(const ContentFields& fields) {
    words_[0] = fields.series.value();
    words_[1] = static_cast<uint64_t>(fields.time_us);
    words_[2] = static_cast<uint64_t>(fields.duration_us);
    words_[3] =
        static_cast<uint64_t>(fields.status) | uint64_t{fields.usage_missing} << 8 | classes_ << 16;
    words_[4] = fields.attributes;
    return static_cast<CallContent>(XXH3_64bits(words_.data(), size_ * sizeof(uint64_t)));
  }

 private:
  static constexpr size_t kOthers = 5;
  std::array<uint64_t, kOthers + kUsageClassCount> words_;
  size_t size_ = kOthers;
  uint64_t classes_ = 0;
};

// How many digits at the end of an id are read as a number, which then has 60 bits.
constexpr size_t kCountedDigits = 15;

int HexDigit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

CallContent HashContent(const ContentFields& fields) {
  Words words;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    words.AddUsage(c, fields.usage.counts[c]);
  }
  return words.Hash(fields);
}

uint64_t HashAttribute(uint64_t before, absl::string_view key, absl::string_view value) {
  const uint64_t seed = XXH3_64bits_withSeed(key.data(), key.size(), before);
  return XXH3_64bits_withSeed(value.data(), value.size(), seed);
}

uint64_t RowContents::AttributesOf(size_t row) const {
  uint64_t hash = 0;
  if (!calls_.attribute_set.empty()) {
    for (const auto& [key, value] : calls_.attribute_sets[calls_.attribute_set[row]]) {
      hash = HashAttribute(hash, calls_.strings[key], calls_.strings[value]);
    }
  }
  return hash;
}

CallContent RowContents::Of(size_t row) const {
  Words words;
  for (const size_t c : used_) {
    words.AddUsage(c, calls_.usage[c][row]);
  }
  return words.Hash({.series = calls_.SeriesAt(row),
                     .time_us = calls_.time_us[row],
                     .duration_us = calls_.duration_us[row],
                     .status = calls_.status[row],
                     .usage_missing = calls_.Has(row, kFlagUsageMissing),
                     .usage = {},
                     .attributes = AttributesOf(row)});
}

EventFingerprint FingerprintOf(const HashKey& key, absl::string_view event_id) {
  if (event_id.empty()) {
    return 0;
  }
  uint64_t number = 0;
  size_t digits = 0;
  for (; digits < std::min(kCountedDigits, event_id.size()); ++digits) {
    const int digit = HexDigit(event_id[event_id.size() - 1 - digits]);
    if (digit < 0) {
      break;
    }
    number |= static_cast<uint64_t>(digit) << (4 * digits);
  }
  event_id.remove_suffix(digits);
  // The number of digits keeps "a-1" from "a-01".
  const uint64_t rest = KeyedHash(key, event_id, static_cast<uint8_t>(digits));
  return std::max<uint64_t>(1, rest + number);
}

EventFingerprint RowContents::FingerprintOf(const HashKey& key, size_t row) const {
  return fingerprints_.empty() ? itemized::FingerprintOf(key, calls_.EventId(row))
                               : fingerprints_[row];
}

}  // namespace itemized
