// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "storage/database/database.h"

namespace itemized::server {

// Makes `rates` the bundled ones of the database (Database::SetBundledRates), and logs what that
// changed once earlier calls are priced by them. Returns at once: the book has the rates before any
// event that comes later is priced.
void PutBundledRates(std::vector<Rate> rates, Database& database);

}  // namespace itemized::server
