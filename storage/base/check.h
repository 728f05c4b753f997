// SPDX-License-Identifier: Apache-2.0
#pragma once

// storage/base: money, time, bytes and status, which everything else is made of. May use nothing
// else of storage.

// CHECK(condition) guards our own invariants: a failure is a bug in itemized,
// never bad input, and ends the process before a wrong figure is written.

namespace itemized::internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace itemized::internal

#define CHECK(condition)                                                 \
  do {                                                                   \
    if (!(condition)) [[unlikely]] {                                     \
      ::itemized::internal::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                                    \
  } while (false)

#define CHECK_OK(expression) CHECK((expression).ok())
