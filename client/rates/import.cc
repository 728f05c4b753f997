// SPDX-License-Identifier: Apache-2.0
#include "client/rates/import.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "client/rates/formats.h"
#include "client/rates/json.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::client {
namespace {

bool LooksLikeGenaiPrices(const JsonValue& root) {
  return root.is_array() && !root.items.empty() && root.items.front().Find("models") != nullptr;
}

bool LooksLikeLiteLlm(const JsonValue& root) {
  return std::any_of(root.members.begin(), root.members.end(), [](const JsonMember& model) {
    return std::any_of(
        model.value.members.begin(), model.value.members.end(), [](const JsonMember& field) {
          return field.name == "litellm_provider" || absl::StrContains(field.name, "_cost_per_");
        });
  });
}

bool HasSimpleField(const JsonValue& model) {
  return std::any_of(model.members.begin(), model.members.end(),
                     [](const JsonMember& field) { return IsSimpleField(field.name); });
}

bool LooksSimple(const JsonValue& root) {
  if (root.Find("usd_per_million_tokens") != nullptr) {
    return true;
  }
  return std::any_of(root.members.begin(), root.members.end(), [](const JsonMember& model) {
    const JsonValue& value = model.value;
    return HasSimpleField(value) ||
           (value.is_array() && !value.items.empty() && HasSimpleField(value.items.front()));
  });
}

RateFormat Detect(const JsonValue& root) {
  if (LooksLikeGenaiPrices(root)) {
    return RateFormat::kGenaiPrices;
  }
  if (LooksLikeLiteLlm(root)) {
    return RateFormat::kLiteLlm;
  }
  return LooksSimple(root) ? RateFormat::kSimple : RateFormat::kAuto;
}

absl::Status NoForm() {
  return absl::InvalidArgumentError(
      "This is no price file known here: give a LiteLLM price JSON, a genai-prices v2 data.json, "
      "or {\"model\": {\"input\": 3.00, \"output\": 15.00}} in USD per million tokens.");
}

absl::StatusOr<RateImport> ParseAs(RateFormat format, const JsonValue& root,
                                   const RateImportOptions& options) {
  if (format == RateFormat::kGenaiPrices ? !root.is_array() : !root.is_object()) {
    return NoForm();
  }
  switch (format) {
    case RateFormat::kSimple:
      return ParseSimple(root, options);
    case RateFormat::kLiteLlm:
      return ParseLiteLlm(root, options);
    case RateFormat::kGenaiPrices:
      return ParseGenaiPrices(root, options);
    case RateFormat::kAuto:
      break;
  }
  return NoForm();
}

}  // namespace

absl::StatusOr<RateFormat> ParseRateFormat(absl::string_view name) {
  if (name == "auto") {
    return RateFormat::kAuto;
  }
  if (name == "simple") {
    return RateFormat::kSimple;
  }
  if (name == "litellm") {
    return RateFormat::kLiteLlm;
  }
  if (name == "genai-prices") {
    return RateFormat::kGenaiPrices;
  }
  return absl::InvalidArgumentError(absl::StrCat("There is no form of price file ", Quoted(name),
                                                 ": give auto, simple, litellm or genai-prices."));
}

absl::StatusOr<RateImport> ParseRateFile(absl::string_view json, const RateImportOptions& options) {
  ASSIGN_OR_RETURN(const JsonValue root, ParseJson(json));
  const RateFormat format = options.format == RateFormat::kAuto ? Detect(root) : options.format;
  ASSIGN_OR_RETURN(RateImport import, ParseAs(format, root, options));
  if (import.rates.empty()) {
    return absl::InvalidArgumentError(
        "The file holds no price of a model billed by token: give one that does.");
  }
  return import;
}

}  // namespace itemized::client
