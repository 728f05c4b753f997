// SPDX-License-Identifier: Apache-2.0
#pragma once

// A job that changes what earlier calls cost, because somebody asked for it. It is part of the log,
// and can be undone by another one.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/base/money.h"
#include "storage/base/time.h"

namespace itemized {

// Which calls a job is for. What is not set does not matter.
struct RepricingRequest {
  TimeRange range{kTimeMinUs, kTimeMaxUs};   // When the calls ended.
  std::optional<std::string> provider = {};  // It goes by any of its names.
  std::optional<std::string> model = {};
  // Reads again what providers reported of the calls, and prices those alone whose usage is another
  // then.
  bool rederive = false;

  bool operator==(const RepricingRequest&) const = default;
};

// PERSISTED: never change or reuse a number.
enum class JobKind : uint8_t {
  kPrice = 0,     // Prices calls by the rate book.
  kUndo = 1,      // Takes back what another job has changed.
  kRederive = 2,  // Reads usage again: `rederive` of the request.
};

struct RepricingJob {
  uint64_t id = 0;  // The index of the entry of the log that it began with.
  JobKind kind = JobKind::kPrice;
  RepricingRequest request;
  uint64_t undoes = 0;  // The job whose changes are taken back, for kUndo.
  int64_t begun_at_us = 0;
  int64_t ended_at_us = 0;  // 0 while it is under way.
  int64_t calls = 0;        // Calls whose cost or usage it has changed so far.
  Picos cost_before = 0;    // What these calls cost before, and cost now; unpriced ones count as 0.
  Picos cost_after = 0;

  bool is_done() const { return ended_at_us != 0; }

  bool operator==(const RepricingJob&) const = default;
};

// Return and read the persisted form of a job (storage/FORMAT.md, "Repricing jobs"), which leaves
// out the id. Reading returns nothing if `bytes` are malformed.
std::string EncodeJob(const RepricingJob& job);
std::optional<RepricingJob> DecodeJob(uint64_t id, absl::string_view bytes);

}  // namespace itemized
