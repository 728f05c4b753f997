// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rate_terms.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "storage/base/money.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr char kTermsGroup[] = "Terms";
constexpr int kDecimals = 6;  // The resolution of multipliers.
constexpr int64_t kOne = 1'000'000;

// Returns the multiplier that leaves out `percent` of a price, such as "20" or "20%".
absl::StatusOr<std::string> OfDiscount(absl::string_view percent) {
  const absl::StatusOr<Picos> parts = ParseDecimal(absl::StripSuffix(percent, "%"), kDecimals - 2);
  if (!parts.ok() || *parts < 0 || *parts >= kOne) {
    return absl::InvalidArgumentError(
        absl::StrCat("--discount must be a percentage from 0 to below 100, such as 20%, but is \"",
                     percent, "\"; what is free has prices of 0."));
  }
  return FormatUsd((kOne - *parts) * (kPicosPerUsd / kOne));
}

absl::StatusOr<std::string> MultiplierOf(const RatesArguments& arguments) {
  if (!arguments.multiplier.empty() && !arguments.discount.empty()) {
    return absl::InvalidArgumentError("Give --multiplier or --discount, not both.");
  }
  if (!arguments.discount.empty()) {
    return OfDiscount(arguments.discount);
  }
  const absl::StatusOr<Picos> parts =
      ParseDecimal(arguments.multiplier.empty() ? "1" : arguments.multiplier, kDecimals);
  if (!parts.ok() || *parts < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--multiplier must be a number above 0 with up to six decimals, such as 0.8, but is \"",
        arguments.multiplier, "\"."));
  }
  return arguments.multiplier;
}

}  // namespace

void AddConditionOptions(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--service-tier", arguments.service_tier,
                 "Only for calls served in this tier, such as flex (standard)")
      ->type_name("TIER")
      ->group(kTermsGroup);
  app.add_option("--region", arguments.region, "Only for calls served in this region (any)")
      ->type_name("REGION")
      ->group(kTermsGroup);
  app.add_option("--attribute", arguments.attribute,
                 "Only for calls with this attribute, such as a tenant's (any)")
      ->type_name("KEY=VALUE")
      ->group(kTermsGroup);
}

void AddTermsOptions(CLI::App& app, RatesArguments& arguments) {
  app.add_option("--multiplier", arguments.multiplier,
                 "A factor on the price that holds otherwise, instead of prices")
      ->type_name("FACTOR")
      ->group(kTermsGroup);
  app.add_option("--discount", arguments.discount, "The same as what is taken off: 20% is 0.8")
      ->type_name("PERCENT")
      ->group(kTermsGroup);
  app.add_option("--currency", arguments.currency,
                 "What the prices are in; see `itemize rates exchange` (USD)")
      ->type_name("CODE")
      ->group(kTermsGroup);
}

void DeclareExchange(CLI::App& exchange, RatesArguments& arguments, DeclareCommandFn declare) {
  exchange.require_subcommand(1, 1);
  const auto add_names = [&](CLI::App& app) {
    app.add_option("CURRENCY", arguments.currency, "Its code, such as EUR")
        ->required()
        ->type_name(" ");
    app.add_option("--effective-from,--from", arguments.effective_from,
                   "The time or date from which it holds (always)")
        ->type_name("TIME");
    app.add_option("--tz", arguments.tz, "Time zone of dates (UTC)")->type_name("ZONE");
    app.add_flag("--reprice", arguments.reprice, "Also price calls again that have a price");
  };
  declare(exchange, "list", "List the exchange rates", Command::kExchangeList);
  CLI::App& set = declare(exchange, "set", "Set one from a date on", Command::kExchangeSet);
  add_names(set);
  set.add_option("USD", arguments.exchange, "USD for one unit, such as 1.0850")
      ->required()
      ->type_name(" ");
  set.add_option("--source", arguments.source, "Where the figure comes from")->type_name("TEXT");
  add_names(declare(exchange, "remove", "Take one away", Command::kExchangeRemove));
}

absl::Status SetTerms(const RatesArguments& arguments, pb::Rate& rate) {
  rate.set_service_tier(arguments.service_tier);
  rate.set_region(arguments.region);
  rate.set_currency(arguments.currency);
  if (!arguments.attribute.empty()) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(arguments.attribute, absl::MaxSplits('=', 1));
    if (parts.first.empty() || parts.second.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--attribute must be KEY=VALUE, such as tenant=acme, but is \"",
                       arguments.attribute, "\"."));
    }
    rate.set_attribute_key(parts.first);
    rate.set_attribute_value(parts.second);
  }
  ASSIGN_OR_RETURN(*rate.mutable_multiplier(), MultiplierOf(arguments));
  return absl::OkStatus();
}

std::string ConditionsText(const pb::Rate& rate) {
  std::vector<std::string> parts;
  for (const std::string& part : {rate.service_tier(), rate.region()}) {
    if (!part.empty()) {
      parts.push_back(part);
    }
  }
  if (!rate.attribute_key().empty()) {
    parts.push_back(absl::StrCat(rate.attribute_key(), "=", rate.attribute_value()));
  }
  return parts.empty() ? "" : absl::StrCat(" [", absl::StrJoin(parts, ", "), "]");
}

}  // namespace itemized::cli
