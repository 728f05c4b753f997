// SPDX-License-Identifier: Apache-2.0
#include "server/convert/explanations.h"

#include <algorithm>
#include <limits>

#include "proto/usage_fields.h"

#include "server/convert/query_answers.h"
#include "server/convert/rates.h"
#include "storage/base/money.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

pb::HoldingRate FromFound(const FoundRate& from) {
  pb::HoldingRate found;
  *found.mutable_rate() = FromRate(from.rate);
  found.set_provider(from.form.provider);
  found.set_model(from.form.model);
  found.set_name_rule(std::string(from.form.rule));
  return found;
}

pb::BilledLine FromLine(const BilledLine& from) {
  pb::BilledLine line;
  const PriceField& field = kPriceFields[from.price_class];
  line.set_usage_class(from.price_class == kRequestPrice
                           ? "request"
                           : std::string(kUsageClasses[from.price_class].count));
  line.set_count(from.count);
  line.set_units(field.units);
  if (from.list_price.has_value()) {
    line.set_list_price(FormatUsd(Picos(*from.list_price) * field.units));
  }
  if (from.price.has_value()) {
    line.set_price_usd(FormatUsd(*from.price * field.units));
    line.set_cost_usd(FormatUsd(*from.price * from.count));
  }
  return line;
}

}  // namespace

absl::StatusOr<ExplainQuery> ToExplainQuery(const pb::ExplainCallRequest& request) {
  return ExplainQuery{.event_id = request.event_id(), .workflow_id = request.workflow_id()};
}

pb::ExplainCallResponse ToExplainResponse(const ExplainAnswer& answer) {
  pb::ExplainCallResponse to;
  const PriceExplanation& price = answer.price;
  *to.mutable_call() = ToBilledCall(answer.call);
  to.mutable_runs()->Add(answer.runs.begin(), answer.runs.end());
  if (price.base.has_value()) {
    *to.mutable_rate() = FromFound(*price.base);
  }
  if (price.tier_input_tokens_over.has_value()) {
    to.set_tier_input_tokens_over(*price.tier_input_tokens_over);
  }
  if (price.exchange.has_value()) {
    *to.mutable_exchange() = FromExchange(*price.exchange);
  }
  for (const FoundRate& multiplier : price.multipliers) {
    *to.add_multipliers() = FromFound(multiplier);
  }
  for (const BilledLine& line : price.lines) {
    *to.add_lines() = FromLine(line);
  }
  to.set_unpriced_reason(price.unpriced_reason);
  if (price.cost.has_value()) {
    to.set_cost_usd(FormatUsd(*price.cost));
  }
  const CallCost& stored = answer.call.cost;
  to.set_differs(stored.unpriced == price.cost.has_value() ||
                 (price.cost.has_value() && *price.cost != Picos(stored.picos)));
  return to;
}

pb::GetMissingRatesResponse ToMissingRatesResponse(const MissingRatesAnswer& answer) {
  pb::GetMissingRatesResponse to;
  *to.mutable_window() = ToWindowMessage(answer.range);
  for (const MissingRate& row : answer.rows) {
    pb::MissingRate& added = *to.add_rows();
    added.set_provider(row.provider);
    added.set_model(row.model);
    added.set_service_tier(row.service_tier);
    added.set_region(row.region);
    added.set_reason(row.reason);
    added.set_calls(row.calls);
    constexpr Picos kMax = std::numeric_limits<int64_t>::max();
    added.set_tokens(static_cast<int64_t>(std::min(row.tokens, kMax)));
    added.mutable_nearest()->Add(row.nearest.begin(), row.nearest.end());
  }
  return to;
}

}  // namespace itemized::server
