// SPDX-License-Identifier: Apache-2.0
#include "storage/base/failpoint.h"

#include <csignal>

namespace itemized {
namespace {

std::atomic<uint64_t> passes_left{0};

}  // namespace

namespace failpoint_internal {

std::atomic<int> armed{-1};

void PassArmed() {
  if (--passes_left == 0) {
    raise(SIGKILL);
  }
}

}  // namespace failpoint_internal

void ArmFailpoint(Failpoint failpoint, uint64_t nth) {
  passes_left = nth;
  failpoint_internal::armed = static_cast<int>(failpoint);
}

}  // namespace itemized
