// SPDX-License-Identifier: Apache-2.0
// The simple form: model names with prices in USD per million tokens, per
// thousand for searches and requests.

#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/rates/formats.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

constexpr char kWrapper[] = "usd_per_million_tokens";

absl::Status ReadModel(const JsonMember& model, const RateImportOptions& options,
                       std::vector<v1::Rate>* rates) {
  const auto add = [&](const JsonValue& value) -> absl::StatusOr<v1::Rate> {
    ASSIGN_OR_RETURN(const std::vector<v1::Rate> read, ReadSimpleModel(model.name, value, options));
    rates->insert(rates->end(), read.begin(), read.end());
    return read.front();
  };
  if (!model.value.is_array()) {
    return add(model.value).status();
  }
  std::set<std::tuple<std::string, int64_t, std::string, std::string, bool>> seen;
  for (const JsonValue& item : model.value.items) {
    ASSIGN_OR_RETURN(const v1::Rate rate, add(item));
    if (!seen.emplace(rate.provider(), rate.effective_from_unix_us(), rate.attribute_key(),
                      rate.attribute_value(), rate.multiplier().empty())
             .second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Model ", Quoted(model.name),
          ": field \"effective_from\" is the same in two objects of its history; leave "
          "one out."));
    }
  }
  return absl::OkStatus();
}

absl::Status Unwrap(const JsonValue& root, const JsonValue** models, RateImportOptions* options) {
  if (const std::string name = RepeatedName(root); !name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The field ", Quoted(name), " is there twice: leave one out."));
  }
  for (const JsonMember& field : root.members) {
    if (field.name == kWrapper) {
      *models = &field.value;
    } else if (field.name == "source" && field.value.is_string()) {
      options->source = options->source.empty() ? field.value.text : options->source;
    } else if (field.name != "note") {
      return absl::InvalidArgumentError(
          absl::StrCat("The field ", Quoted(field.name), " beside \"", kWrapper,
                       "\" is not known: only \"note\" and \"source\" are."));
    }
  }
  if (!(*models)->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The value of \"", kWrapper, "\" must be an object of models."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RateImport> ParseSimple(const JsonValue& root, const RateImportOptions& options) {
  RateImportOptions defaults = options;
  const JsonValue* models = &root;
  if (root.Find(kWrapper) != nullptr) {
    RETURN_IF_ERROR(Unwrap(root, &models, &defaults));
  }
  RateImport import;
  std::set<std::string> seen;
  for (const JsonMember& model : models->members) {
    if (!seen.insert(model.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("Model ", Quoted(model.name),
                       " is there twice: give its history as an array of objects."));
    }
    RETURN_IF_ERROR(ReadModel(model, defaults, &import.rates));
  }
  return import;
}

}  // namespace itemized::client
