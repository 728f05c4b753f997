// SPDX-License-Identifier: Apache-2.0
#include "server/api/memory_budget.h"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

TEST(MemoryBudget, WhatDoesNotFitIsNotTaken) {
  MemoryBudget budget(100);
  std::optional<MemoryBudget::Charge> first = budget.Take(60);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(budget.Take(41).has_value());
  EXPECT_EQ(budget.used(), 60);
  EXPECT_TRUE(budget.Take(40).has_value());  // They are given back at once.
  EXPECT_EQ(budget.used(), 60);
}

TEST(MemoryBudget, AChargeThatCannotGrowStaysAsItIs) {
  MemoryBudget budget(100);
  std::optional<MemoryBudget::Charge> charge = budget.Take(60);
  ASSERT_TRUE(charge.has_value());
  EXPECT_FALSE(charge->Resize(101));
  EXPECT_EQ(charge->bytes(), 60);
  EXPECT_TRUE(charge->Resize(100));
  EXPECT_TRUE(charge->Resize(10));
  EXPECT_EQ(budget.used(), 10);
}

TEST(MemoryBudget, AMovedChargeIsGivenBackOnce) {
  MemoryBudget budget(100);
  {
    MemoryBudget::Charge kept;
    kept = std::move(*budget.Take(30));
    const MemoryBudget::Charge moved = std::move(kept);
    EXPECT_EQ(budget.used(), 30);
  }
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace itemized::server
