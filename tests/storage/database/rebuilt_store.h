// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/storage/log/recorded_log.h"

namespace itemized::testing {

// Makes a store of its own from nothing but the entries in `recording`, as another node would,
// and compares it byte for byte with the closed one in `directory`, which made them. Returns a
// sentence for each row that differs.
std::vector<std::string> DifferencesOfRebuiltStore(const Recording& recording,
                                                   const std::string& directory);

}  // namespace itemized::testing
