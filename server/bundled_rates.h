// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

#include "storage/database/database.h"

namespace itemized::server {

// Returns the rates of an itemized.v1.SetRatesRequest as its bytes, which are part of the program.
std::vector<Rate> ReadRates(absl::string_view set_rates_request);

// Makes `rates` the bundled ones of the database (Database::SetBundledRates), and logs what that
// changed once earlier calls are priced by them. Returns at once: the book has the rates before any
// event that comes later is priced.
void PutBundledRates(std::vector<Rate> rates, Database& database);

}  // namespace itemized::server
