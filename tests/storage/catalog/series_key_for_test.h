// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "storage/catalog/catalog.h"

namespace itemized {

// Returns the series of the names with these numbers.
inline SeriesKey KeyOf(uint32_t step, uint32_t workflow, uint32_t provider, uint32_t model) {
  return {{NameId(step), NameId(workflow), NameId(provider), NameId(model)}};
}

}  // namespace itemized
