// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/attributes.h"

#include "absl/container/flat_hash_map.h"

namespace itemized::server {

std::optional<SpanAttribute> FindSpanAttribute(absl::string_view key) {
  static const auto* const kByKey = new absl::flat_hash_map<absl::string_view, SpanAttribute>{
#define ITEMIZED_PAIR(constant, key) {key, SpanAttribute::constant},
      ITEMIZED_SPAN_ATTRIBUTES(ITEMIZED_PAIR)
#undef ITEMIZED_PAIR
  };
  const auto found = kByKey->find(key);
  return found == kByKey->end() ? std::nullopt : std::optional(found->second);
}

}  // namespace itemized::server
