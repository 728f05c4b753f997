// SPDX-License-Identifier: Apache-2.0
#include "proto/text/ndjson_names.h"
#include "proto/usage_fields.h"

namespace itemized::text {
namespace {

namespace json = simdjson::ondemand;

constexpr auto kCountNames = [] {
  std::array<Name<size_t>, kUsageClassCount> names{};
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    names[c] = {kUsageClasses[c].count, c};
  }
  return names;
}();

}  // namespace

Fault ReadUsage(json::value& value, pb::Call& call) {
  json::object object;
  RETURN_IF_FAULT(OpenObject(value, "usage", "an object of token counts", object));
  UsageCounts counts{};
  uint32_t seen = 0;
  uint32_t nulls = 0;
  RETURN_IF_FAULT(ReadFields(object, [&](absl::string_view key, json::value count_value) -> Fault {
    size_t index = 0;
    RETURN_IF_FAULT(FindField(kCountNames, "usage", key, seen, index));
    bool is_null = false;
    RETURN_IF_FAULT(TakeNull(count_value, is_null));
    if (is_null) {
      nulls |= Bit(index);
      return std::nullopt;
    }
    return ReadCount(count_value, absl::StrCat("usage.", kCountNames[index].text), counts[index]);
  }));
  // Nothing but nulls says that the usage is not known, never that it is 0.
  if (seen == 0 || seen != nulls) {
    SetCounts(counts, call.mutable_usage());
  }
  return std::nullopt;
}

Fault ReadUsageReported(json::value& value, pb::Call& call) {
  return ReadRaw(value, "usage_reported",
                 "the object that the provider reported, or an array of the pieces of a stream, as "
                 "it stands",
                 *call.mutable_usage_reported());
}

Fault ReadUsageUnknown(json::value& value, pb::Call& call) {
  bool is_unknown = false;
  RETURN_IF_FAULT(ReadBool(value, "usage_unknown", is_unknown));
  call.set_usage_unknown(is_unknown);
  return std::nullopt;
}

}  // namespace itemized::text
