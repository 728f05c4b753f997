// SPDX-License-Identifier: Apache-2.0
#pragma once

// These functions turn rates on the wire (USD per million tokens, per thousand searches or
// calls, as decimal strings) into rates of the rate book (pico-dollars a unit) and back.

#include <vector>

#include "absl/status/statusor.h"
#include "itemized/v1/rates.pb.h"

#include "storage/pricing/rate.h"
#include "storage/pricing/rate_change.h"
#include "storage/query/query_types.h"

namespace itemized::server {

// Reads prices exactly. INVALID_ARGUMENT names the rate and the field that cannot be read.
// What a rate means is checked where it is put into the book.
absl::StatusOr<std::vector<Rate>> ToRates(const itemized::v1::SetRatesRequest& request);

// INVALID_ARGUMENT names the rate whose match cannot be read.
absl::StatusOr<std::vector<RateName>> ToRateNames(const itemized::v1::RemoveRatesRequest& request);

itemized::v1::SetRatesResponse ToSetRatesResponse(const RateChange& change);
itemized::v1::RemoveRatesResponse ToRemoveRatesResponse(const RateChange& change);

itemized::v1::ListRatesResponse ToListRatesResponse(const std::vector<Rate>& rates,
                                                    const std::vector<UnpricedModel>& unpriced,
                                                    bool with_bundled,
                                                    const std::vector<EndedRate>& ended = {});

}  // namespace itemized::server
