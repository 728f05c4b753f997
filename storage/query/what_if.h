// SPDX-License-Identifier: Apache-2.0
#pragma once

// The question what a window would have cost under changes, and its answer. Money is in
// pico-dollars.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/query/query_types.h"

namespace itemized {

inline constexpr size_t kChangesMax = 50;
// Shares are whole numbers of these parts, so that decimals of up to twelve digits are exact.
inline constexpr int64_t kShareWhole = 1'000'000'000'000;

// The call goes to another model, with the tokens that it used.
struct ModelSwap {
  std::string model;
  std::string provider = {};  // "": that of the call if it has a price for the model, else
                              // SwapTargets says which.
};

// Something cheap decides before each call whether it is needed.
struct Gate {
  std::optional<int64_t> skip = {};  // If it is not set, it is measured.
  int64_t cost = 0;                  // What it costs for each call that reaches it.
  int64_t setup = 0;  // What it costs once, which is no part of the answer's `after`.
};

struct InputCap {
  int64_t tokens = 0;  // It is 1 or more.
};

struct CacheShare {
  int64_t share = 0;  // It is in parts of kShareWhole.
};

struct BatchTier {};
struct DropStep {};

struct StepChange {
  std::string step;
  std::variant<ModelSwap, Gate, InputCap, CacheShare, BatchTier, DropStep> what;
};

struct WhatIfQuery {
  Window window;
  CallFilter filter = {};
  std::vector<StepChange> changes = {};  // Each works on what those before it left.
  // Each works on what was recorded instead, as if it were the only one: then `after` and
  // `saving_30d` of the answer are those of the last. All of them take one reading of the log.
  bool alone = false;
};

// What came of the calls that a change makes different. All are counts of calls.
struct ChangedCalls {
  int64_t changed = 0;
  int64_t moved = 0;     // They go to another provider.
  int64_t standard = 0;  // They are priced as standard calls, for want of a price for how they were
                         // served.
  int64_t early = 0;     // They are from before the first rate, which prices them.
  int64_t reported = 0;  // Their provider reported their cost; now a rate prices them.
  // They stay as they were, since no rate prices what the change makes of them. They are not
  // `changed`.
  int64_t without_price = 0;
};

struct GateOutcome {
  int64_t skip = 0;  // It is in parts of kShareWhole; rounded half to even if it was measured.
  bool is_measured = false;
  // Runs with the step that are complete, and those among them that did not use it, if the share
  // was measured.
  int64_t runs = 0;
  int64_t unused_runs = 0;
  // The share from which on it pays, in parts of kShareWhole; not set if calls cost nothing.
  std::optional<Picos> break_even_skip = {};
  // The number of calls of the step after which it has paid what it cost once; not set if it never
  // does.
  std::optional<int64_t> break_even_calls = {};
};

struct ChangeOutcome {
  Picos saving = 0;
  Picos saving_30d = 0;
  int64_t calls = 0;  // All calls of the step in the window.
  ChangedCalls counts;
  std::optional<GateOutcome> gate = {};  // Set for a gate alone.
};

struct WhatIfAnswer {
  TimeRange range;
  Picos before = 0;
  Picos after = 0;
  Picos saving_30d = 0;
  std::vector<ChangeOutcome> changes;  // One for each change of the question.
  int64_t unpriced_calls = 0;
  // The part of the range in which anything is recorded, by which 30 days are reckoned.
  TimeRange recorded;
};

}  // namespace itemized
