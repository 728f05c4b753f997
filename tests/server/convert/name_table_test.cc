// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "server/convert/row_batch_builder.h"

namespace itemized::server {
namespace {

TEST(NameTable, GivesEveryNameAnIndexThatNamesIt) {
  std::vector<std::string> names;
  for (int i = 0; i < 5'000; ++i) {  // There are fewer slots.
    names.push_back(absl::StrCat("run-", i));
  }
  NameTable table;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& name : names) {
      EXPECT_EQ(table.names()[table.IndexOf(name)], name);
    }
  }
}

// The hash is another one in every process, so this leaves room for chance.
TEST(NameTable, FindsNearlyAllNamesOfABatchAgain) {
  std::vector<std::string> names;
  for (int i = 0; i < 500; ++i) {
    names.push_back(absl::StrCat("run-", i));
  }
  NameTable table;
  for (int round = 0; round < 10; ++round) {
    for (const std::string& name : names) {
      table.IndexOf(name);
    }
  }
  EXPECT_LT(table.names().size(), 2 * names.size());
}

}  // namespace
}  // namespace itemized::server
