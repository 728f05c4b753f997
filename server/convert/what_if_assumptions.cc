// SPDX-License-Identifier: Apache-2.0
// What a replay takes for granted.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/convert/what_if.h"
#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/time.h"

namespace itemized::server {
namespace {

std::string Calls(int64_t count) {
  return absl::StrCat(count, count == 1 ? " call" : " calls");
}

// Collects sentences, each once.
class Sentences {
 public:
  template <typename... Parts>
  void Add(const Parts&... parts) {
    std::string sentence = absl::StrCat(parts...);
    if (std::find(all_.begin(), all_.end(), sentence) == all_.end()) {
      all_.push_back(std::move(sentence));
    }
  }
  std::vector<std::string> Take() && { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

// What is said of one change.
class ChangeSentences {
 public:
  ChangeSentences(const std::string& step, const ChangeOutcome& outcome, Sentences* to)
      : step_(Quoted(step)), outcome_(outcome), to_(*to) {}

  void operator()(const ModelSwap& swap) {
    const std::string model = Quoted(swap.model);
    const ChangedCalls& counts = outcome_.counts;
    to_.Add("Whether the answers of ", model, " are good enough for step ", step_,
            " cannot be read from a bill; test them.");
    to_.Add("Step ", step_, " is taken to use as many tokens with ", model,
            counts.moved > 0 ? absl::StrCat(" as before, but ", Calls(counts.moved),
                                            " go to another provider, whose tokenizer counts the "
                                            "same text differently.")
                             : " as before; its answers may be longer or shorter, and count "
                               "differently.");
    if (counts.standard > 0) {
      to_.Add(Calls(counts.standard), " of step ", step_,
              " were served in a tier or region for "
              "which ",
              model, " has no price, and count at its standard one.");
    }
  }

  void operator()(const Gate& gate) {
    to_.Add("The gate of step ", step_,
            " is taken to skip calls that cost as much as the others, and none that was needed.");
    const GateOutcome& outcome = *outcome_.gate;
    if (outcome.is_measured) {
      to_.Add("The gate of step ", step_,
              " is taken to know beforehand what the runs told "
              "afterwards: ",
              outcome.unused_runs, " of ", outcome.runs, " complete runs did not use its output.");
    }
    if (gate.setup != 0) {
      to_.Add("What the gate of step ", step_, " costs once (", FormatUsd(gate.setup),
              " USD) is no part of the total; it only says when the gate has paid.");
    }
  }

  void operator()(const InputCap& cap) {
    to_.Add("A cap of ", cap.tokens, " tokens may cut off what step ", step_,
            " needs; its answers are taken to stay as long as they are.");
  }

  void operator()(const CacheShare&) {
    to_.Add("The cached share of step ", step_,
            " needs calls that begin with the same text, and "
            "come before the provider forgets it.");
  }

  void operator()(const BatchTier&) {
    to_.Add("Step ", step_, " gets its answers from the batch tier hours later, not at once.");
  }

  void operator()(const DropStep&) {
    to_.Add("Whether anything misses step ", step_, " once it is gone cannot be read from a bill.");
  }

  // What may be said of any kind of change.
  void AddCounts() {
    const ChangedCalls& counts = outcome_.counts;
    if (counts.early > 0) {
      to_.Add(Calls(counts.early), " of step ", step_,
              " are from before the first rate that prices them, and count at that one.");
    }
    if (counts.reported > 0) {
      to_.Add(Calls(counts.reported), " of step ", step_,
              " cost what their provider reported; changed, they cost what the rates say.");
    }
    if (counts.without_price > 0) {
      to_.Add(Calls(counts.without_price), " of step ", step_,
              " stay as they were, since no rate prices what a change makes of them.");
    }
    if (outcome_.calls == 0) {
      to_.Add("Step ", step_, " has no call in this window.");
    }
  }

 private:
  const std::string step_;
  const ChangeOutcome& outcome_;
  Sentences& to_;
};

}  // namespace

std::vector<std::string> AssumptionsOf(const WhatIfAnswer& answer, const WhatIfQuery& query) {
  Sentences sentences;
  for (size_t i = 0; i < query.changes.size(); ++i) {
    ChangeSentences of_change(query.changes[i].step, answer.changes[i], &sentences);
    std::visit(of_change, query.changes[i].what);
    of_change.AddCounts();
  }
  if (answer.unpriced_calls > 0) {
    sentences.Add(
        Calls(answer.unpriced_calls),
        answer.unpriced_calls == 1 ? " has no price, and counts" : " have no price, and count",
        " as 0 before and after.");
  }
  const bool is_shorter = answer.recorded.start_us != answer.range.start_us ||
                          answer.recorded.end_us != answer.range.end_us;
  if (is_shorter && !query.changes.empty()) {
    sentences.Add("30 days are reckoned like the time of which anything is recorded, ",
                  FormatTime(answer.recorded.start_us), " to ", FormatTime(answer.recorded.end_us),
                  ".");
  }
  return std::move(sentences).Take();
}

}  // namespace itemized::server
