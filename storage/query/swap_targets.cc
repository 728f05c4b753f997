// SPDX-License-Identifier: Apache-2.0
#include "storage/query/swap_targets.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "storage/base/nearest_words.h"
#include "storage/base/quoted.h"
#include "storage/pricing/name_forms.h"
#include "storage/pricing/provider_names.h"

namespace itemized {
namespace {

// The providers that have rates of their own with prices for the model, by their canonical names.
std::set<std::string> OwnersOf(const RateBook& book, absl::string_view model) {
  const std::vector<NameForm> forms = FormsOf("", model);
  std::set<std::string> owners;
  for (const Rate& rate : book.List()) {
    const bool is_priced = !rate.is_multiplier() && !rate.is_exchange() && !rate.provider.empty();
    if (is_priced && std::any_of(forms.begin(), forms.end(), [&](const NameForm& form) {
          return rate.match.Matches(form.model);
        })) {
      owners.insert(CanonicalProvider(rate.provider));
    }
  }
  return owners;
}

}  // namespace

SwapTargets::SwapTargets(std::shared_ptr<const RateBook> book, ModelSwap swap)
    : book_(std::move(book)), swap_(std::move(swap)) {
  if (swap_.provider.empty()) {
    FindElsewhere();
  } else if (!book_->HasPrices(swap_.provider, swap_.model)) {
    problem_ = Unknown();
  }
}

void SwapTargets::FindElsewhere() {
  const std::string& model = swap_.model;
  if (const size_t slash = model.find('/'); slash != std::string::npos) {
    Names names{.provider = model.substr(0, slash), .model = model.substr(slash + 1)};
    const bool is_provider =
        FindProvider(names.provider) != nullptr ||
        OwnersOf(*book_, names.model).count(CanonicalProvider(names.provider)) != 0;
    if (is_provider && book_->HasPrices(names.provider, names.model)) {
      elsewhere_ = std::move(names);
      return;
    }
  }
  const std::set<std::string> owners = OwnersOf(*book_, model);
  const ProviderRow* const maker = ProviderOfModel(model);
  if (owners.size() == 1) {
    elsewhere_ = {.provider = *owners.begin(), .model = model};
  } else if (maker != nullptr && owners.count(std::string(maker->name)) != 0) {
    elsewhere_ = {.provider = std::string(maker->name), .model = model};
  } else if (owners.empty()) {
    problem_ = Unknown();
  } else {
    problem_ = absl::InvalidArgumentError(
        absl::StrCat("The model ", Quoted(model), " has rates of several providers (",
                     absl::StrJoin(owners, ", "), "); name the one that is meant, as in ",
                     Quoted(absl::StrCat(*owners.begin(), "/", model)), "."));
  }
}

absl::Status SwapTargets::Unknown() const {
  const std::string of =
      swap_.provider.empty() ? "" : absl::StrCat(" of provider ", Quoted(swap_.provider));
  const std::vector<std::string> nearest = Nearest(swap_.model, book_->Names());
  return absl::InvalidArgumentError(absl::StrCat(
      "No rate is for the model ", Quoted(swap_.model), of, "; ",
      nearest.empty() ? "name one of the rate book, or set its rate"
                      : absl::StrCat("set its rate, or name one of the rate book, such as ",
                                     absl::StrJoin(nearest, " or ")),
      "."));
}

std::optional<SwapTargets::Names> SwapTargets::For(absl::string_view provider) const {
  if (!swap_.provider.empty()) {
    return problem_.ok() ? std::optional(Names{swap_.provider, swap_.model}) : std::nullopt;
  }
  if (book_->HasPrices(provider, swap_.model)) {
    return Names{std::string(provider), swap_.model};
  }
  return elsewhere_;
}

}  // namespace itemized
