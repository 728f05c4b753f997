// SPDX-License-Identifier: Apache-2.0
#pragma once

// The budget is one limit for all memory that clients can make the server hold: messages on
// their way in, answers on their way out, questions at work.

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace itemized::server {

// Thread-safe. Outlives its charges.
class MemoryBudget {
 public:
  // Holds bytes of the budget, and gives them back when it is destroyed.
  class Charge {
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Charge& operator=(Charge&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Charge() { Release(); }

    // Brings the charge, which must not be empty, to `bytes`. Returns false, and changes
    // nothing, if the budget has no room; making it smaller always succeeds.
    bool Resize(int64_t bytes);
    void Release();
    int64_t bytes() const { return bytes_; }

   private:
    friend class MemoryBudget;
    Charge(MemoryBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}

    MemoryBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  explicit MemoryBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Returns nothing if there is no room for `bytes` more.
  std::optional<Charge> Take(int64_t bytes);

  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t bytes_max() const { return bytes_max_; }

 private:
  bool Add(int64_t bytes);

  const int64_t bytes_max_;
  std::atomic<int64_t> used_ = 0;
};

}  // namespace itemized::server
