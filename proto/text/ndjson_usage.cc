// SPDX-License-Identifier: Apache-2.0
#include "proto/text/ndjson_names.h"

namespace itemized::text {
namespace {

namespace json = simdjson::ondemand;

using UsageSetter = void (pb::Usage::*)(int64_t);

constexpr std::array<Name<UsageSetter>, 12> kUsageFields = {{
    {"input_tokens", &pb::Usage::set_input_tokens},
    {"cache_read_tokens", &pb::Usage::set_cache_read_tokens},
    {"cache_write_5m_tokens", &pb::Usage::set_cache_write_5m_tokens},
    {"cache_write_1h_tokens", &pb::Usage::set_cache_write_1h_tokens},
    {"output_tokens", &pb::Usage::set_output_tokens},
    {"reasoning_tokens", &pb::Usage::set_reasoning_tokens},
    {"input_audio_tokens", &pb::Usage::set_input_audio_tokens},
    {"cache_read_audio_tokens", &pb::Usage::set_cache_read_audio_tokens},
    {"output_audio_tokens", &pb::Usage::set_output_audio_tokens},
    {"input_image_tokens", &pb::Usage::set_input_image_tokens},
    {"output_image_tokens", &pb::Usage::set_output_image_tokens},
    {"web_searches", &pb::Usage::set_web_searches},
}};

}  // namespace

Fault ReadUsage(json::value& value, pb::Call& call) {
  json::object object;
  RETURN_IF_FAULT(OpenObject(value, "usage", "an object of token counts", object));
  pb::Usage& usage = *call.mutable_usage();
  uint32_t seen = 0;
  uint32_t nulls = 0;
  RETURN_IF_FAULT(ReadFields(object, [&](absl::string_view key, json::value count_value) -> Fault {
    size_t index = 0;
    RETURN_IF_FAULT(FindField(kUsageFields, "usage", key, seen, index));
    bool is_null = false;
    RETURN_IF_FAULT(TakeNull(count_value, is_null));
    if (is_null) {
      nulls |= Bit(index);
      return std::nullopt;
    }
    int64_t count = 0;
    RETURN_IF_FAULT(
        ReadCount(count_value, absl::StrCat("usage.", kUsageFields[index].text), count));
    (usage.*kUsageFields[index].value)(count);
    return std::nullopt;
  }));
  if (seen != 0 && seen == nulls) {
    call.clear_usage();  // Nothing but nulls says that the usage is not known, never that it is 0.
  }
  return std::nullopt;
}

}  // namespace itemized::text
