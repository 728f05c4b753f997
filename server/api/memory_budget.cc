// SPDX-License-Identifier: Apache-2.0
#include "server/api/memory_budget.h"

namespace itemized::server {

bool MemoryBudget::Add(int64_t bytes) {
  int64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > 0 && bytes > bytes_max_ - used) {
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

std::optional<MemoryBudget::Charge> MemoryBudget::Take(int64_t bytes) {
  if (!Add(bytes)) {
    return std::nullopt;
  }
  return Charge(this, bytes);
}

bool MemoryBudget::Charge::Resize(int64_t bytes) {
  if (!budget_->Add(bytes - bytes_)) {
    return false;
  }
  bytes_ = bytes;
  return true;
}

void MemoryBudget::Charge::Release() {
  if (budget_ != nullptr) {
    budget_->Add(-bytes_);
    budget_ = nullptr;
    bytes_ = 0;
  }
}

}  // namespace itemized::server
