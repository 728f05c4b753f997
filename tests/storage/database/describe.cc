// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/describe.h"

#include <algorithm>
#include <sstream>
#include <tuple>
#include <utility>

namespace itemized::testing {
namespace {

// Fields of one line, written in a row.
template <typename... Fields>
std::string Line(const Fields&... fields) {
  std::ostringstream out;
  ((out << fields << ' '), ...);
  out << '\n';
  return out.str();
}

std::string Quoted(const std::string& text) {
  return "'" + text + "'";
}

std::string Text(const TimeRange& range) {
  return "[" + std::to_string(range.start_us) + ", " + std::to_string(range.end_us) + ")";
}

std::string Text(const Usage& usage) {
  std::string text = "usage";
  for (const int64_t count : usage.counts) {
    text += "," + std::to_string(count);
  }
  return text;
}

template <typename Value>
std::string Text(const std::optional<Value>& value) {
  std::ostringstream out;
  value.has_value() ? out << *value : out << '-';
  return out.str();
}

std::string Text(const CallSums& sums) {
  std::ostringstream out;
  out << "calls " << sums.calls << " unpriced " << sums.unpriced_calls << " usage missing "
      << sums.usage_missing_calls << " outliers " << sums.outliers << " learning "
      << sums.learning_calls << " cost " << sums.cost << ' ' << Text(sums.usage);
  return out.str();
}

std::string Text(const Prices& prices) {
  std::string text = "prices";
  for (const auto& price : prices) {
    text += "," + Text(price);
  }
  return text;
}

std::string Joined(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) {
    text += line;
  }
  return text;
}

}  // namespace

std::string Describe(const TopAnswer& answer) {
  std::string text =
      Line("top", Text(answer.range), Text(answer.total), "unsurfaced", answer.unsurfaced);
  for (const TopRow& row : answer.rows) {
    text += Line(Quoted(row.key), Text(row.sums), "rated", row.rated_calls, "p50", row.p50_cost,
                 "p95", row.p95_cost, "duration", row.p50_duration_us, row.p95_duration_us,
                 "unsurfaced", row.unsurfaced);
  }
  return text;
}

std::string Describe(const WastedAnswer& answer) {
  std::string text = Line("wasted", Text(answer.range), answer.calls, answer.unpriced_calls, "of",
                          answer.spend, answer.wasted.calls, answer.wasted.cost);
  for (size_t reason = 0; reason < kWasteReasonCount; ++reason) {
    text += Line("reason", reason, answer.reasons[reason].calls, answer.reasons[reason].cost);
  }
  for (const WastedRow& row : answer.rows) {
    text += Line(Quoted(row.key), static_cast<int>(row.reason), row.wasted.calls, row.wasted.cost,
                 "of", row.spend);
  }
  return text;
}

std::string Describe(const WorkflowsAnswer& answer) {
  std::string text = Line("workflows", Text(answer.range));
  for (const WorkflowRow& row : answer.rows) {
    text += Line(Quoted(row.workflow), "open", row.runs[0], "completed", row.runs[1], "failed",
                 row.runs[2], "short_circuited", row.runs[3], "abandoned", row.runs[4], "spend",
                 row.spend, "completed_spend", row.completed_spend, "completed_calls",
                 row.completed_calls, "p50", row.p50_completed, "p95", row.p95_completed,
                 "unsurfaced", row.unsurfaced, "unpriced", row.unpriced_calls);
  }
  return text;
}

std::string Describe(const BilledCall& billed) {
  const Call& call = billed.call;
  std::string attributes;
  for (const auto& [key, value] : call.attributes) {
    attributes += Quoted(key) + "=" + Quoted(value) + " ";
  }
  std::string outlier = "not flagged";
  if (billed.receipt.has_value()) {
    outlier = Line("flagged p50", billed.receipt->p50_picos, "samples",
                   billed.receipt->sample_count, billed.receipt->learning ? "learning" : "learned",
                   billed.receipt->judged_when_priced ? "when priced" : "on arrival");
    outlier.pop_back();
  }
  return Line(call.time_us, Quoted(call.event_id), Quoted(call.workflow), Quoted(call.workflow_id),
              Quoted(call.step), Quoted(call.provider), Quoted(call.model),
              call.usage.has_value() ? Text(*call.usage)
              : call.usage_unknown   ? "unknown usage"
                                     : "no usage",
              "duration", call.duration_us, "status", static_cast<int>(call.status), attributes,
              "reported", Text(call.reported_cost_picos), call.reported_usage,
              billed.cost.reported ? "as reported" : "by rate",
              billed.cost.unpriced ? "unpriced" : "priced", billed.cost.picos, outlier);
}

std::string Describe(const RunAnswer& answer) {
  std::vector<std::string> unused = answer.unused_steps;
  std::sort(unused.begin(), unused.end());
  std::string text =
      Line("run", Quoted(answer.workflow_id), Quoted(answer.workflow),
           static_cast<int>(answer.outcome), "at", answer.completed_at_us, "cost", answer.cost,
           "unsurfaced", answer.unsurfaced, "unpriced", answer.unpriced_calls);
  for (const std::string& step : unused) {
    text += Line("unused", Quoted(step));
  }
  using Key = std::tuple<int64_t, std::string, std::string>;
  std::vector<Key> calls;
  for (const BilledCall& billed : answer.calls) {
    calls.emplace_back(billed.call.time_us, billed.call.event_id, Describe(billed));
  }
  // Calls with the same time and event id may come in any order.
  std::stable_sort(calls.begin(), calls.end());
  for (const Key& call : calls) {
    text += std::get<2>(call);
  }
  return text;
}

std::string Describe(const SeriesAnswer& answer) {
  std::string text = Line("series", Text(answer.range));
  for (const SeriesPoint& point : answer.points) {
    text += Line(Text(point.range), Text(point.sums));
  }
  for (const SeriesGroup& group : answer.groups) {
    text += Line(Quoted(group.key), group.calls, group.cost);
    for (size_t i = 0; i < group.point_calls.size(); ++i) {
      text += Line(group.point_calls[i], group.point_cost[i]);
    }
  }
  return text;
}

std::string Describe(const OutliersAnswer& answer) {
  std::vector<std::string> lines;
  for (const BilledCall& billed : answer.calls) {
    lines.push_back(Describe(billed));
  }
  return Line("outliers", Text(answer.range), answer.total, "unjudged", answer.unjudged_calls,
              "learning", answer.learning_calls) +
         Joined(lines);
}

std::string Describe(const Threshold& threshold) {
  return Line("threshold", threshold.picos, "p50", threshold.p50_picos, "samples",
              threshold.sample_count, threshold.learning ? "learning" : "learned");
}

std::string Describe(const BatchResult& result) {
  std::string text = Line("accepted", result.accepted, "duplicate", result.duplicate);
  for (const Refusal& refusal : result.refusals) {
    text += Line("refused", refusal.index, "code", static_cast<int>(refusal.code));
  }
  return text;
}

std::string Describe(const RateChange& change) {
  return Line("added", change.added, "replaced", change.replaced, "removed", change.removed,
              "repriced", change.repriced_calls);
}

std::string Describe(std::vector<UnpricedModel> models) {
  std::string text;
  std::stable_sort(models.begin(), models.end(), [](const auto& a, const auto& b) {
    return std::tie(b.calls, a.provider, a.model) < std::tie(a.calls, b.provider, b.model);
  });
  for (const UnpricedModel& model : models) {
    text += Line(Quoted(model.provider), Quoted(model.model), model.calls);
  }
  return text;
}

std::string Describe(const std::vector<Rate>& rates) {
  std::vector<std::string> lines;
  for (const Rate& rate : rates) {
    std::string line = Line(
        Quoted(rate.provider), static_cast<int>(rate.match.kind), Quoted(rate.match.text), "from",
        rate.effective_from_us, Text(rate.prices), Quoted(rate.source), rate.multiplier_ppm,
        Quoted(rate.service_tier), Quoted(rate.region), Quoted(rate.attribute_key),
        Quoted(rate.attribute_value), rate.hours.from_s, static_cast<int>(rate.origin));
    for (const RateTier& tier : rate.tiers) {
      line += Line("  over", tier.input_tokens_over, Text(tier.prices));
    }
    lines.push_back(line);
  }
  return Joined(lines);
}

}  // namespace itemized::testing
