// SPDX-License-Identifier: Apache-2.0
#pragma once

// What verifying and copying a database found.

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/money.h"

namespace itemized {

struct VerifyReport {
  int64_t blocks = 0;       // Blocks of the log that were read; each has a checksum.
  int64_t calls = 0;        // Rows in the blocks, with those that correct others.
  int64_t completions = 0;  // Completions in the blocks.
  int64_t rows = 0;         // Rows that were looked at, those below among them.
  int64_t carried = 0;      // Rows that were not compared: their part of the log is dropped.
  int64_t differences = 0;  // Damaged blocks and files, and rows that are not what they should be.
  std::vector<std::string> examples;  // A sentence for each of the first twenty differences.

  void Add(std::string difference);
};

struct BackupReport {
  int64_t calls = 0;
  Picos cost = 0;
  int64_t bytes = 0;  // The sizes of the files; tables may be shared with the store.
};

}  // namespace itemized
