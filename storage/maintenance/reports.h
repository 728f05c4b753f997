// SPDX-License-Identifier: Apache-2.0
#pragma once

// What verifying and copying a database found.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/money.h"

namespace itemized {

struct VerifyReport {
  int64_t blocks = 0;       // Of the log; each has a checksum.
  int64_t calls = 0;        // Rows in them, with those that correct others.
  int64_t completions = 0;  // In them.
  int64_t rows = 0;         // Of the views, each compared byte for byte.
  int64_t carried = 0;      // Rows of which the log is no longer kept; not compared.
  int64_t differences = 0;  // Damaged blocks and files, rows that are not what they should be.
  std::vector<std::string> examples;  // A sentence for each of the first twenty.

  void Add(std::string difference);
};

struct BackupReport {
  int64_t calls = 0;
  Picos cost = 0;
  int64_t bytes = 0;  // Of its files; tables may be shared with the store.
};

}  // namespace itemized
