// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

#include "server/otlp/raw_span.h"
#include "storage/model/cache_accounting.h"
#include "storage/model/usage.h"

namespace itemized::server {

struct SpanUsage {
  std::optional<Usage> usage;  // Absent if the span has no counts, or they cannot be counted.
  bool is_unknown = false;     // It has counts that cannot be counted.
};

// Makes usage classes of the counts of a span, whichever way its emitter writes them. What is said
// apart goes first: maps of disjoint classes, the usage object of the provider, counts of what was
// not cached. Else the input is taken to include the cache, as the conventions want it, unless
// `accounting` says otherwise. If it says nothing, a cache that is more than the input is not in
// it. Cache writes are for 5 minutes where nothing says how long they live, or for an hour if
// `writes_for_an_hour`.
SpanUsage ReadSpanUsage(const RawSpan& span, CacheAccounting accounting,
                        bool writes_for_an_hour = false);

// How the emitter of this name counts the cache, if it does not do as the conventions say.
CacheAccounting AccountingOfScope(absl::string_view scope, const RawSpan& span);

}  // namespace itemized::server
