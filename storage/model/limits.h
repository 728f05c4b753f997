// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the store accepts. An event or a batch beyond a limit is refused with a sentence that names
// the limit.

#include <cstddef>
#include <cstdint>

#include "storage/base/time.h"

namespace itemized {

inline constexpr size_t kNameBytesMax = 200;             // Names, ids, attribute keys and values.
inline constexpr size_t kBatchEventsMax = 10'000;        // Events in one batch.
inline constexpr size_t kRefusalsToldMax = 100;          // Refusals in the answer to a batch.
inline constexpr size_t kAttributesMax = 64;             // Attributes of one call.
inline constexpr size_t kUnusedStepsMax = 1'000;         // Unused steps of one completion.
inline constexpr int64_t kTokensMax = int64_t{1} << 40;  // A count of one class of one call.
inline constexpr int64_t kDurationMaxUs = 30 * kMicrosPerDay;
inline constexpr int64_t kFutureMaxUs = 600 * kMicrosPerSecond;  // Clock skew we live with.

// Distinct names kept of each kind; later ones are billed as kOtherName.
inline constexpr size_t kStepsMax = 10'000;
inline constexpr size_t kWorkflowsMax = 10'000;
inline constexpr size_t kProvidersMax = 1'000;
inline constexpr size_t kModelsMax = 10'000;
inline constexpr size_t kSeriesMax = 200'000;  // Distinct (step, workflow, provider, model).
// Models kept beyond that limit because they have a rate, so that names that mean nothing do not
// shut out those that do.
inline constexpr size_t kRatedModelsMax = 10'000;
inline constexpr char kOtherName[] = "__other__";

}  // namespace itemized
