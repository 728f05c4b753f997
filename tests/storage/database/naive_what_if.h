// SPDX-License-Identifier: Apache-2.0
#pragma once

// What changes would have saved, by going through all calls once more for each change.

#include <optional>

#include "storage/query/what_if.h"

namespace itemized::testing {

struct NaiveWhatIf {
  WhatIfAnswer answer;
  bool must_refuse = false;  // There is no answer.
  bool may_refuse = false;   // The database may say so before it looks at the calls.
};

}  // namespace itemized::testing
