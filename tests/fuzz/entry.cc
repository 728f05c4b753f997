// SPDX-License-Identifier: Apache-2.0
// Entries of the log, as a store has them on disk.

#include "storage/log/entry.h"

#include <string>
#include <vector>

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/storage/log/entries_for_test.h"

namespace itemized::fuzz {

std::vector<std::string> Seeds() {
  return {EncodeEntry(Entry()), EncodeEntry(FullEntry())};
}

bool Accepts(absl::string_view input) {
  const absl::StatusOr<Entry> entry = DecodeEntry(7, input);
  if (!entry.ok()) {
    return false;
  }
  const std::string again = EncodeEntry(*entry);
  CHECK(EncodeEntry(DecodeEntry(7, again).value()) == again);
  return true;
}

}  // namespace itemized::fuzz
