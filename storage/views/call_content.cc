#include "storage/views/call_content.h"

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {

// PERSISTED (storage/FORMAT.md, "Run"): never change.
CallContent HashContent(const ContentFields& fields) {
  std::array<uint64_t, 5 + kUsageClassCount> words = {
      fields.series, static_cast<uint64_t>(fields.time_us),
      static_cast<uint64_t>(fields.duration_us),
      static_cast<uint64_t>(fields.status) | uint64_t{fields.usage_missing} << 8,
      fields.attributes};
  std::copy(fields.usage.counts.begin(), fields.usage.counts.end(), words.begin() + 5);
  return static_cast<CallContent>(XXH3_64bits(words.data(), sizeof(words)));
}

uint64_t HashAttribute(uint64_t before, absl::string_view key, absl::string_view value) {
  const uint64_t seed = XXH3_64bits_withSeed(key.data(), key.size(), before);
  return XXH3_64bits_withSeed(value.data(), value.size(), seed);
}

CallContent ContentOf(const CallRows& calls, size_t row) {
  ContentFields fields{.series = calls.series[row],
                       .time_us = calls.time_us[row],
                       .duration_us = calls.duration_us[row],
                       .status = calls.status[row],
                       .usage_missing = calls.Has(row, kFlagUsageMissing),
                       .usage = calls.UsageAt(row)};
  if (!calls.attribute_set.empty()) {
    for (const auto& [key, value] : calls.attribute_sets[calls.attribute_set[row]]) {
      fields.attributes =
          HashAttribute(fields.attributes, calls.strings[key], calls.strings[value]);
    }
  }
  return HashContent(fields);
}

}  // namespace itemized
