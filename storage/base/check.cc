// SPDX-License-Identifier: Apache-2.0
#include "storage/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace itemized::internal {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace itemized::internal
