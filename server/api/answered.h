// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"

#include "storage/base/status_macros.h"
#include "storage/database/database.h"

namespace itemized::server {

// Pairs an answer with the progress of a repricing, if one was under way when the question was
// asked or is when it is answered. Then some calls have their new cost in the answer and others
// the old one.
template <typename Answer>
struct Answered {
  Answer answer;
  std::optional<RepricingProgress> repricing;
};

// Adds to the answer of `ask()`, a StatusOr, how far a repricing is.
template <typename Ask>
auto WithRepricing(const Database& database, Ask ask)
    -> absl::StatusOr<Answered<typename decltype(ask())::value_type>> {
  std::optional<RepricingProgress> repricing = database.Repricing();
  ASSIGN_OR_RETURN(auto answer, ask());
  if (!repricing.has_value()) {
    repricing = database.Repricing();
  }
  return Answered<decltype(answer)>{std::move(answer), repricing};
}

}  // namespace itemized::server
