// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/load/report.h"

namespace itemized::bench {

// Adds how many times as fast the server was as each other database, where both were measured.
void AddRatios(Report* report);

}  // namespace itemized::bench
