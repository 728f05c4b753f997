// SPDX-License-Identifier: Apache-2.0
#include "storage/views/call_content.h"

#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {
namespace {

// PERSISTED (storage/FORMAT.md, "Run"): never change. Of usage only the classes that are not
// zero, of which there are few, and which those are.
class Words {
 public:
  void AddUsage(size_t usage_class, int64_t count) {
    words_[size_] = static_cast<uint64_t>(count);
    size_ += count != 0 ? 1 : 0;
    classes_ |= uint64_t{count != 0} << usage_class;
  }
  // Of what `fields` has besides the usage.
  CallContent Hash(const ContentFields& fields) {
    words_[0] = fields.series;
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
  return words.Hash({.series = calls_.series[row],
                     .time_us = calls_.time_us[row],
                     .duration_us = calls_.duration_us[row],
                     .status = calls_.status[row],
                     .usage_missing = calls_.Has(row, kFlagUsageMissing),
                     .usage = {},
                     .attributes = AttributesOf(row)});
}

}  // namespace itemized
