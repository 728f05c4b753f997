// SPDX-License-Identifier: Apache-2.0
// Budgets and their crossings as notes keep them: a letter says which of both the bytes are.

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/budgets/budget_codec.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

constexpr char kBudget = 'b';

Budget FullBudget() {
  return {.name = "acme",
          .scope = {BudgetScopeKind::kAttribute, "tenant", "acme"},
          .amount = 1'500'000'000'000,
          .per = BudgetPeriod::kDay,
          .zone = "Europe/Berlin",
          .thresholds = {50, 200},
          .webhook = "http://h/x",
          .set_at_us = 1'000};
}

Crossing FullCrossing() {
  return {.period = {0, kMicrosPerDay},
          .percent = 50,
          .amount = 100,
          .spent = 51,
          .forecast = Picos{102},
          .noticed_us = 7,
          .judged_amount = 100,
          .delivery = Delivery::kSent,
          .settled_us = 9};
}

template <typename T, typename Encode, typename Decode>
bool IsSameAgain(const absl::StatusOr<T>& read, Encode encode, Decode decode) {
  if (!read.ok()) {
    CHECK(read.status().code() == absl::StatusCode::kDataLoss);
    return false;
  }
  const absl::StatusOr<T> again = decode(encode(*read));
  CHECK(again.ok() && *again == *read);
  return true;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {absl::StrCat("b", EncodeBudget(FullBudget())),
          absl::StrCat("c", EncodeCrossings({FullCrossing(), FullCrossing()}))};
}

bool Accepts(absl::string_view input) {
  const bool is_budget = !input.empty() && input.front() == kBudget;
  input.remove_prefix(input.empty() ? 0 : 1);
  return is_budget ? IsSameAgain(DecodeBudget(input), EncodeBudget, DecodeBudget)
                   : IsSameAgain(DecodeCrossings(input), EncodeCrossings, DecodeCrossings);
}

}  // namespace itemized::fuzz
