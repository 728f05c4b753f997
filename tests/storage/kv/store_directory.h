// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "storage/base/check.h"

namespace itemized::testing {

// A new directory, which goes away with its contents when this does.
class StoreDirectory {
 public:
  StoreDirectory() : top_(::testing::TempDir() + "itemized-kv-XXXXXX") {
    CHECK(mkdtemp(top_.data()) != nullptr);
  }
  ~StoreDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(top_, ignored);
  }
  StoreDirectory(const StoreDirectory&) = delete;
  StoreDirectory& operator=(const StoreDirectory&) = delete;

  // The path of `name` in it; nothing is made there.
  std::string PathOf(const std::string& name) const { return top_ + "/" + name; }

 private:
  std::string top_;
};

}  // namespace itemized::testing
