// SPDX-License-Identifier: Apache-2.0
#include "server/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "absl/strings/numbers.h"

namespace itemized::server {
namespace {

constexpr int64_t kLeast = int64_t{256} << 20;
constexpr int64_t kShare = 4;

// Returns INT64_MAX if the group has no limit, or there is no group.
int64_t ControlGroupLimit() {
  int64_t limit = INT64_MAX;
  for (const char* const path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    std::string text;
    int64_t bytes = 0;
    if (file >> text && absl::SimpleAtoi(text, &bytes)) {
      limit = std::min(limit, bytes);
    }
  }
  return limit;
}

}  // namespace

int64_t DefaultMemoryLimit() {
  const int64_t machine = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  return std::max(kLeast, std::min(machine, ControlGroupLimit()) / kShare);
}

}  // namespace itemized::server
