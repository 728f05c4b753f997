// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bench/load/questions.h"

namespace itemized::bench {

// What databases write differently, of a table with the columns of PeerRow.
struct SqlDialect {
  const char* table;
  const char* median;     // That of the column `cost`.
  const char* day_model;  // The key of Question::kSeriesSplit.
};

// Returns the statement that asks for key, number of calls, cost and median cost of each row.
std::string SqlOf(Question question, const SqlDialect& dialect);

}  // namespace itemized::bench
