// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/name_forms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "storage/pricing/provider_names.h"

namespace itemized {
namespace {

// Bounds the work for names that are made up of slashes.
constexpr size_t kFormsMax = 32;

class Forms {
 public:
  void Add(std::string provider, absl::string_view model, absl::string_view rule) {
    const auto is_same = [&](const NameForm& form) {
      return form.model == model && form.provider == provider;
    };
    if (!model.empty() && forms_.size() < kFormsMax &&
        std::none_of(forms_.begin(), forms_.end(), is_same)) {
      forms_.push_back({std::move(provider), std::string(model), rule});
    }
  }

  // Calls `follow` with each form there is so far, in order.
  template <typename Follow>
  void ForEach(Follow follow) {
    const size_t count = forms_.size();
    for (size_t i = 0; i < count; ++i) {
      const NameForm form = forms_[i];  // Adding moves the list.
      follow(form);
    }
  }

  std::vector<NameForm> Take() { return std::move(forms_); }

 private:
  std::vector<NameForm> forms_;
};

void AddWithoutPath(const NameForm& form, Forms* forms) {
  absl::string_view rest = form.model;
  if (absl::StartsWith(rest, "publishers/")) {
    const size_t at = rest.find("/models/");
    rest.remove_prefix(at == absl::string_view::npos ? 0 : at + 1);
  }
  if (absl::ConsumePrefix(&rest, "models/")) {
    forms->Add(form.provider, rest, "the path before the model is taken off");
  }
}

void AddRouted(const NameForm& form, Forms* forms) {
  const size_t slash = form.model.find('/');
  if (slash == std::string::npos) {
    return;
  }
  const absl::string_view model = form.model;
  const ProviderRow* const row = FindProvider(model.substr(0, slash));
  if (row != nullptr && (form.provider.empty() || form.provider == row->name)) {
    forms->Add(std::string(row->name), model.substr(slash + 1),
               "the route before the model names the provider");
  }
}

void AddProviderOfModel(const NameForm& form, Forms* forms) {
  if (form.provider.empty()) {
    if (const ProviderRow* const row = ProviderOfModel(form.model)) {
      forms->Add(std::string(row->name), form.model, "the model tells the provider");
    }
  }
}

void AddFallbacks(const NameForm& form, Forms* forms) {
  const ProviderRow* const row = FindProvider(form.provider);
  if (row == nullptr) {
    return;
  }
  for (const absl::string_view other : absl::StrSplit(row->falls_back_to, ' ', absl::SkipEmpty())) {
    forms->Add(std::string(other), form.model,
               "the provider serves the model at its maker's price");
  }
}

// Takes off a part of letters and hyphens before a point. Returns false if there is none.
bool ConsumeLabel(absl::string_view* name) {
  const size_t point = name->find('.');
  if (point == 0 || point == absl::string_view::npos ||
      !std::all_of(name->begin(), name->begin() + point,
                   [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-'; })) {
    return false;
  }
  name->remove_prefix(point + 1);
  return true;
}

// Returns the name without a version such as "-v1:0" at its end.
absl::string_view WithoutVersion(absl::string_view name) {
  const auto consume_digits = [](absl::string_view* text) {
    const size_t size = text->size();
    while (!text->empty() && absl::ascii_isdigit(static_cast<unsigned char>(text->back()))) {
      text->remove_suffix(1);
    }
    return text->size() < size;
  };
  absl::string_view rest = name;
  if (!consume_digits(&rest)) {
    return name;
  }
  if (absl::ConsumeSuffix(&rest, ":") && !consume_digits(&rest)) {
    return name;
  }
  return absl::ConsumeSuffix(&rest, "-v") ? rest : name;
}

void AddBedrock(const NameForm& form, Forms* forms) {
  if (form.provider != "aws") {
    return;
  }
  absl::string_view name = form.model;
  for (const absl::string_view region :
       {"us.", "eu.", "apac.", "jp.", "au.", "global.", "us-gov."}) {
    if (absl::ConsumePrefix(&name, region)) {
      break;
    }
  }
  if (ConsumeLabel(&name)) {
    forms->Add(form.provider, WithoutVersion(name),
               "the region, the maker and the version around the model are taken off");
  }
}

// Returns `model` without a date at its end, as in "-20260217" and "-2025-08-07".
absl::string_view WithoutDate(absl::string_view model) {
  if (absl::ConsumeSuffix(&model, "-latest")) {
    return model;
  }
  for (const absl::string_view shape : {"-dddddddd", "-dddd-dd-dd"}) {
    if (model.size() <= shape.size()) {
      continue;
    }
    const absl::string_view end = model.substr(model.size() - shape.size());
    if (std::equal(end.begin(), end.end(), shape.begin(), [](char c, char wanted) {
          return wanted == 'd' ? absl::ascii_isdigit(static_cast<unsigned char>(c)) : c == wanted;
        })) {
      return model.substr(0, model.size() - shape.size());
    }
  }
  return model;
}

}  // namespace

std::vector<NameForm> FormsOf(absl::string_view provider, absl::string_view model) {
  Forms forms;
  const std::string canonical = CanonicalProvider(provider);
  if (canonical.empty() && !provider.empty()) {
    forms.Add(absl::AsciiStrToLower(provider), model, "the names as they stand");
  }
  forms.Add(canonical, model,
            provider.empty() || !canonical.empty() ? "the names as they stand"
                                                   : "a gateway does not say who answered");
  forms.ForEach([&](const NameForm& form) { AddWithoutPath(form, &forms); });
  forms.ForEach([&](const NameForm& form) { AddRouted(form, &forms); });
  forms.ForEach([&](const NameForm& form) { AddProviderOfModel(form, &forms); });
  forms.ForEach([&](const NameForm& form) {
    forms.Add(form.provider, form.model.substr(0, form.model.rfind('@')),
              "the version after the @ is taken off");
  });
  forms.ForEach([&](const NameForm& form) { AddFallbacks(form, &forms); });
  forms.ForEach([&](const NameForm& form) { AddBedrock(form, &forms); });
  forms.ForEach([&](const NameForm& form) {
    forms.Add(form.provider, WithoutDate(form.model), "the date at the end is taken off");
  });
  forms.ForEach([&](const NameForm& form) {
    forms.Add(form.provider, absl::AsciiStrToLower(form.model), "upper case is made lower case");
  });
  return forms.Take();
}

}  // namespace itemized
