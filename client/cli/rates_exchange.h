// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/v1/rates.pb.h"

#include "client/cli/table.h"

namespace itemized::cli {

namespace pb = itemized::v1;

// Returns the exchange rates of the book, a row for each.
Table ExchangeTable(const pb::ListRatesResponse& book);

}  // namespace itemized::cli
