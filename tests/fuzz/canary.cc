// SPDX-License-Identifier: Apache-2.0
// Broken on purpose, in one way for each of three words. script/fuzz goes on only
// if a search finds one of them and each is reported for what it is: a set-up
// that finds nothing here would find nothing elsewhere.

#include <climits>
#include <memory>

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

volatile int sink = 0;  // Keeps the compiler from leaving a fault out.

// Only AddressSanitizer finds this fault.
void ReadPastTheEnd(size_t size) {
  const auto bytes = std::make_unique<char[]>(size);
  sink = bytes.get()[size];
}

// Only UndefinedBehaviorSanitizer finds this fault.
void Overflow(size_t size) {
  int number = INT_MAX;
  number += static_cast<int>(size);
  sink = number;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {};
}

bool Accepts(absl::string_view input) {
  CHECK(input != "BUG!");
  if (input == "address") {
    ReadPastTheEnd(input.size());
  }
  if (input == "overflow") {
    Overflow(input.size());
  }
  return true;
}

}  // namespace itemized::fuzz
