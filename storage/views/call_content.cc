#include "storage/views/call_content.h"

#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace itemized {

// PERSISTED (storage/FORMAT.md, "Run"): never change. Of usage only the classes that are not
// zero, of which there are few, and which those are.
CallContent HashContent(const ContentFields& fields) {
  std::array<uint64_t, 5 + kUsageClassCount> words = {
      fields.series, static_cast<uint64_t>(fields.time_us),
      static_cast<uint64_t>(fields.duration_us), 0, fields.attributes};
  size_t size = 5;
  uint64_t classes = 0;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    const auto count = static_cast<uint64_t>(fields.usage.counts[c]);
    words[size] = count;
    size += count != 0 ? 1 : 0;
    classes |= uint64_t{count != 0} << c;
  }
  words[3] =
      static_cast<uint64_t>(fields.status) | uint64_t{fields.usage_missing} << 8 | classes << 16;
  return static_cast<CallContent>(XXH3_64bits(words.data(), size * sizeof(uint64_t)));
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
