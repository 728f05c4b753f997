// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "itemized/v1/rates.pb.h"

#include "storage/model/served_as.h"

namespace itemized::client {

// Returns the rate by which a server prices a call of that provider, model and time that is served
// as `served` says; none if no rate covers it. A rate that this build does not understand is left
// out. Thread-safe.
std::optional<v1::Rate> RateAt(absl::Span<const v1::Rate* const> rates, absl::string_view provider,
                               absl::string_view model, const ServedAs& served, int64_t time_us);

}  // namespace itemized::client
