// SPDX-License-Identifier: Apache-2.0
#pragma once

// The question which changes are worth a test, and its answer. Money is in pico-dollars.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/query/query_types.h"
#include "storage/query/what_if.h"

namespace itemized {

// The comment of itemized.v1.AdviceKind says what each means.
enum class AdviceKind : uint8_t { kGate, kModel, kCache, kContext, kOutliers, kRunaway };

struct AdviseQuery {
  Window window;
  CallFilter filter = {};
};

// What was found of the calls of a step. Tokens are those of one call, of all classes.
struct StepFacts {
  int64_t calls = 0;
  Picos spend = 0;
  Picos unsurfaced = 0;
  int64_t outliers = 0;
  Picos outlier_spend = 0;
  int64_t input_p50 = 0;
  int64_t input_p95 = 0;
  int64_t input_mean = 0;
  int64_t output_p95 = 0;
  int64_t outlier_input_p50 = 0;
  Picos input_tokens = 0;                         // Those of all calls, of which
  Picos cached_tokens = 0;                        // so many came from a cache.
  std::optional<int64_t> input_mean_before = {};  // That of the window before; not set if unknown.
  std::string provider = {};  // Those of the calls that most of the spend goes to.
  std::string model = {};
  // What most outliers share, if not as many calls do: "model" or "workflow" and its name, or
  // "attribute" and "key=value"; how many outliers have it, and how many calls. "" if there is none.
  std::string trait_kind = {};
  std::string trait = {};
  int64_t trait_outliers = 0;
  int64_t trait_calls = 0;
};

struct Advice {
  std::string step;
  AdviceKind kind = AdviceKind::kGate;
  StepChange change;
  ChangeOutcome outcome;  // What the change would have saved by itself.
  StepFacts facts;
};

struct AdviseAnswer {
  TimeRange range;
  Picos spend = 0;
  std::vector<Advice> rows;  // They stand by falling saving, then by step and kind.
};

}  // namespace itemized
