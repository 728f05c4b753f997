// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "storage/pricing/rate_book.h"
#include "storage/query/what_if.h"

namespace itemized {

// Tells under which names the book has the model that calls are swapped to. Thread-safe.
class SwapTargets {
 public:
  struct Names {
    std::string provider;
    std::string model;
  };

  // A provider that the swap names is that of all calls. Else it is, by what has a price:
  //   1. that of the call, if it has the model
  //   2. what stands before a slash in the name of the model, as in "openai/gpt-5-mini"
  //   3. the only one that has it, or among several the one that made it
  SwapTargets(std::shared_ptr<const RateBook> book, ModelSwap swap);

  // Returns the names for calls of `provider`; nothing if there are none, as problem() says.
  std::optional<Names> For(absl::string_view provider) const;

  // Why For finds no names, if it does not: INVALID_ARGUMENT that names the model, and those that
  // it may be meant for or the providers among which to choose.
  const absl::Status& problem() const { return problem_; }

 private:
  void FindElsewhere();
  absl::Status Unknown() const;

  const std::shared_ptr<const RateBook> book_;
  const ModelSwap swap_;
  std::optional<Names> elsewhere_;  // The names for calls whose provider does not have the model.
  absl::Status problem_;
};

}  // namespace itemized
