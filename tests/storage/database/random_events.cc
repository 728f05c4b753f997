// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/random_events.h"

#include <algorithm>

#include "storage/base/time.h"
#include "storage/model/limits.h"
#include "storage/model/served_as.h"
#include "storage/pricing/rate_book.h"

namespace itemized::testing {
namespace {

constexpr char kCostlyModel[] = "colossus";
constexpr int64_t kRunsInFlight = 30;

const std::vector<std::string>& Models() {
  static const auto& models = *new std::vector<std::string>{"claude-sonnet-4-6", "claude-haiku-4-5",
                                                            "gpt-5", "gpt-5-mini", "mystery-1"};
  return models;
}

struct Pattern {
  ModelMatch::Kind kind;
  const char* text;
};

// Patterns that match one model have different lengths: then no tie is left to
// the order in which rates were set.
const std::vector<Pattern>& Patterns() {
  using Kind = ModelMatch::Kind;
  static const auto& patterns = *new std::vector<Pattern>{
      {Kind::kStartsWith, "claude-"}, {Kind::kStartsWith, "gpt-"},
      {Kind::kContains, "sonnet"},    {Kind::kEndsWith, "-mini"},
      {Kind::kContains, "m"},         {Kind::kEquals, "claude-sonnet-4-6"},
      {Kind::kEquals, "gpt-5"},       {Kind::kEquals, "claude-haiku-4-5"}};
  return patterns;
}

using Fault = void (*)(Call*, int64_t now_us);

// One for each way in which a call can be refused by its values.
constexpr Fault kFaults[] = {
    [](Call* c, int64_t) { c->step.clear(); },
    [](Call* c, int64_t) { c->model.clear(); },
    [](Call* c, int64_t) { c->workflow_id.clear(); },
    [](Call* c, int64_t) { c->event_id = std::string(kNameBytesMax + 1, 'e'); },
    [](Call* c, int64_t) { c->step = std::string(kNameBytesMax + 1, 's'); },
    [](Call* c, int64_t) {
      c->attributes = {{"key", std::string(kNameBytesMax + 1, 'v')}};
    },
    [](Call* c, int64_t) { c->step = "\xC3("; },
    [](Call* c, int64_t) { c->workflow = "\xED\xA0\x80"; },
    [](Call* c, int64_t) {
      c->attributes = {{"\xFF", "v"}};
    },
    [](Call* c, int64_t) { c->usage.emplace().counts[0] = -1; },
    [](Call* c, int64_t) { c->usage.emplace().counts[3] = kTokensMax + 1; },
    [](Call* c, int64_t) { c->usage.emplace()[UsageClass::kReasoning] = 1; },
    [](Call* c, int64_t) { c->time_us = -1; },
    [](Call* c, int64_t now_us) { c->time_us = now_us + kFutureMaxUs + 1; },
    [](Call* c, int64_t) { c->duration_us = -1; },
    [](Call* c, int64_t) { c->duration_us = kDurationMaxUs + 1; },
    [](Call* c, int64_t) { c->status = static_cast<CallStatus>(3); },
    [](Call* c, int64_t) {
      c->model = kCostlyModel;
      c->attributes.clear();  // The rate of its model must price it.
      c->reported_cost_picos.reset();
      c->usage.emplace().counts[0] = kTokensMax;
    },
    [](Call* c, int64_t) {
      c->attributes.clear();
      for (size_t i = 0; i <= kAttributesMax; ++i) {
        c->attributes.emplace_back("key" + std::to_string(i), "v");
      }
    },
};

}  // namespace

int64_t Random::Between(int64_t low, int64_t high) {
  const uint64_t width = static_cast<uint64_t>(high - low) + 1;
  return low + static_cast<int64_t>(engine_() % width);
}

int64_t Random::LogUniform(int64_t high) {
  int64_t limit = 1;
  while (limit < high && Percent(85)) {
    limit *= 2;
  }
  return Between(1, std::min(limit, high));
}

const std::vector<std::string>& RandomEvents::Steps() {
  static const auto& steps = *new std::vector<std::string>{
      "planning", "doc_synthesis", "status_check", "retrieval", "Planning", "r\u00e9sum\u00e9"};
  return steps;
}

int64_t RandomEvents::NextTime(int64_t now_us) {
  if (random_.Percent(15)) {  // Late.
    return now_us - random_.LogUniform(45 * kMicrosPerDay);
  }
  if (random_.Percent(5)) {
    return now_us + random_.Between(kFutureMaxUs - 2, kFutureMaxUs);
  }
  return now_us - random_.Between(0, 2 * kMicrosPerHour);
}

std::string RandomEvents::NextWorkflowId() {
  if (random_.Percent(25)) {
    ++next_run_;
  }
  const int64_t oldest = random_.Percent(90) ? std::max<int64_t>(0, next_run_ - kRunsInFlight) : 0;
  return "run-" + std::to_string(random_.Between(oldest, next_run_));
}

Usage RandomEvents::NextUsage(size_t step) {
  const int64_t level = levels_[step];
  Usage usage;
  usage[UsageClass::kInput] = random_.Between(800, 1'200) * level;
  usage[UsageClass::kOutput] = random_.Between(80, 120) * level;
  if (random_.Percent(4)) {
    usage[UsageClass::kInput] *= random_.Between(2, 60);
  }
  if (random_.Percent(30)) {
    usage[UsageClass::kReasoning] = random_.Between(0, usage[UsageClass::kOutput]);
  }
  for (size_t i = 0; i < kUsageClassCount; ++i) {
    const bool other = i != static_cast<size_t>(UsageClass::kInput) &&
                       i != static_cast<size_t>(UsageClass::kOutput) &&
                       i != static_cast<size_t>(UsageClass::kReasoning);
    if (other && random_.Percent(8)) {
      usage.counts[i] = random_.LogUniform(2'000);
    }
  }
  return random_.Percent(2) ? Usage{} : usage;
}

Call RandomEvents::NextCall(int64_t now_us) {
  Call call;
  const size_t step = static_cast<size_t>(random_.Between(0, 5));
  call.event_id = random_.Percent(10) ? "" : "e" + std::to_string(next_event_++);
  call.time_us = NextTime(now_us);
  call.workflow = random_.Pick(std::vector<std::string>{"support_ticket", "research", ""});
  call.workflow_id = NextWorkflowId();
  call.step = Steps()[step];
  call.provider = random_.Pick(std::vector<std::string>{"anthropic", "openai", ""});
  call.model = random_.Pick(Models());
  if (random_.Percent(95)) {
    call.usage = NextUsage(step);
  } else {
    call.usage_unknown = random_.Percent(30);
  }
  if (random_.Percent(15)) {
    call.reported_cost_picos = random_.Percent(10) ? 0 : random_.LogUniform(100'000'000'000);
  }
  if (random_.Percent(20)) {
    const int64_t input = call.usage.has_value() ? (*call.usage)[UsageClass::kInput] : 0;
    call.reported_usage = "{\"input\":" + std::to_string(input) +
                          ",\"other\":" + std::to_string(random_.LogUniform(1'000)) + "}";
  }
  call.duration_us = random_.Percent(5) ? 0 : random_.LogUniform(kDurationMaxUs);
  call.status = static_cast<CallStatus>(random_.Between(0, 2));
  if (random_.Percent(40)) {
    call.attributes = {{"tenant", random_.Pick(std::vector<std::string>{"acme", "zeta", ""})},
                       {"release", std::to_string(random_.Between(1, 3))}};
  }
  if (random_.Percent(15)) {
    call.attributes.emplace_back(
        kServiceTierAttribute,
        random_.Pick(std::vector<std::string>{"flex", "batch", "standard", "priority"}));
  }
  if (random_.Percent(10)) {
    call.attributes.emplace_back(kRegionAttribute,
                                 random_.Pick(std::vector<std::string>{"us", "global"}));
  }
  recent_times_us_.push_back(call.time_us);
  return call;
}

Call RandomEvents::NextBadCall(int64_t now_us) {
  Call call = NextCall(now_us);
  call.event_id = "e" + std::to_string(next_event_++);
  kFaults[next_fault_++ % std::size(kFaults)](&call, now_us);
  return call;
}

Completion RandomEvents::NextCompletion(int64_t now_us) {
  Completion completion;
  // Whole minutes, so that equal times occur.
  const int64_t time_us = random_.Percent(70) ? now_us : NextTime(now_us);
  completion.time_us = time_us / (60 * kMicrosPerSecond) * 60 * kMicrosPerSecond;
  completion.workflow = random_.Pick(std::vector<std::string>{"support_ticket", "billing", ""});
  completion.workflow_id = NextWorkflowId();
  completion.outcome = static_cast<Outcome>(random_.Between(1, 4));
  for (const std::string& step : Steps()) {
    if (random_.Percent(15)) {
      completion.unused_steps.push_back(step);
    }
  }
  if (random_.Percent(5)) {
    completion.unused_steps.push_back("step nobody took");
  }
  std::sort(completion.unused_steps.begin(), completion.unused_steps.end());
  return completion;
}

Completion RandomEvents::NextBadCompletion(int64_t now_us) {
  Completion completion = NextCompletion(now_us);
  switch (random_.Between(0, 4)) {
    case 0:
      completion.workflow_id.clear();
      break;
    case 1:
      completion.workflow = std::string(kNameBytesMax + 1, 'w');
      break;
    case 2:
      completion.unused_steps = {"\xFE"};
      break;
    case 3:
      completion.time_us = now_us + kFutureMaxUs + 1;
      break;
    default:
      completion.outcome = static_cast<Outcome>(random_.Percent(50) ? 0 : kOutcomeCount);
  }
  return completion;
}

Prices RandomEvents::NextPrices(bool complete) {
  Prices prices;
  for (size_t i = 0; i < kPriceCount; ++i) {
    const bool basic = i == static_cast<size_t>(UsageClass::kInput) ||
                       i == static_cast<size_t>(UsageClass::kOutput);
    if (random_.Percent(basic && complete ? 100 : 20)) {
      prices[i] = random_.Percent(5) ? 0 : random_.LogUniform(8'000'000);
    }
  }
  return prices;
}

Rate RandomEvents::NextRate(int64_t now_us) {
  Rate rate;
  const Pattern& pattern = random_.Pick(Patterns());
  rate.match.kind = pattern.kind;
  rate.match.text = pattern.text;
  rate.provider = random_.Pick(std::vector<std::string>{"", "", "anthropic", "openai"});
  switch (random_.Between(0, 3)) {
    case 0:
      break;  // Always.
    case 1:
      rate.effective_from_us = (now_us / kMicrosPerDay - random_.Between(0, 40)) * kMicrosPerDay;
      break;
    case 2:
      rate.effective_from_us = now_us + random_.Between(1, 2 * kMicrosPerDay);
      break;
    default:
      rate.effective_from_us = recent_times_us_.empty() ? 0 : random_.Pick(recent_times_us_);
  }
  rate.prices = NextPrices(true);
  if (random_.Percent(8)) {  // Calls with input, or without a price for it, stay unpriced.
    rate.prices[static_cast<size_t>(UsageClass::kInput)].reset();
  }
  int64_t over = 0;
  for (int64_t i = random_.Between(0, 3); i > 1; --i) {
    over += random_.Between(1, 1'500);
    rate.tiers.push_back({.input_tokens_over = over, .prices = NextPrices(false)});
    rate.tiers.back().prices[0] = random_.LogUniform(8'000'000);
  }
  rate.source = "seed";
  AddConditions(&rate);
  return rate;
}

// Makes the rate be for some calls only, or a multiplier, now and then.
void RandomEvents::AddConditions(Rate* rate) {
  if (random_.Percent(20)) {
    rate->service_tier = random_.Pick(std::vector<std::string>{"flex", "batch"});
  }
  if (random_.Percent(12)) {
    rate->region = "us";
  }
  if (random_.Percent(20)) {
    const bool of_tenant = random_.Percent(60);
    rate->attribute_key = of_tenant ? "tenant" : "release";
    rate->attribute_value =
        of_tenant ? random_.Pick(std::vector<std::string>{"acme", "zeta"}) : "2";
  }
  if (random_.Percent(15)) {  // Hours that do not meet leave no tie to the order of setting.
    rate->hours = random_.Percent(50) ? HoursOfDay{.from_s = 79'200, .to_s = 21'600}
                                      : HoursOfDay{.from_s = 36'000, .to_s = 50'400};
  }
  if (random_.Percent(30)) {
    rate->prices = {};
    rate->tiers = {};
    rate->multiplier_ppm =
        random_.Pick(std::vector<int64_t>{500'000, 800'000, 1'100'000, 333'333, 1'000'000});
  }
}

std::vector<Rate> RandomEvents::NextBundledRates(int64_t now_us) {
  for (Rate& rate : NextRates(now_us)) {
    rate.origin = RateOrigin::kBundled;
    bundled_.push_back(std::move(rate));
  }
  std::vector<Rate> rates;
  for (const Rate& rate : bundled_) {
    const bool repeated = std::any_of(rates.begin(), rates.end(), [&](const Rate& other) {
      return RateKey(other) == RateKey(rate);
    });
    if (!repeated && random_.Percent(80)) {
      rates.push_back(rate);
    }
  }
  return rates;
}

std::vector<Rate> RandomEvents::NextRates(int64_t now_us) {
  std::vector<Rate> rates;
  for (int64_t i = random_.Between(1, 3); i > 0; --i) {
    Rate rate = NextRate(now_us);
    const bool repeated = std::any_of(rates.begin(), rates.end(), [&](const Rate& other) {
      return RateKey(other) == RateKey(rate);
    });
    if (!repeated) {
      rates.push_back(std::move(rate));
    }
  }
  return rates;
}

Rate RandomEvents::CostlyRate() {
  Rate rate;
  rate.match.kind = ModelMatch::Kind::kEquals;
  rate.match.text = kCostlyModel;
  rate.prices[static_cast<size_t>(UsageClass::kInput)] = kPriceMaxPicos;
  rate.prices[static_cast<size_t>(UsageClass::kOutput)] = kPriceMaxPicos;
  rate.source = "seed";
  return rate;
}

void RandomEvents::ShiftALevel() {
  int64_t& level = levels_[static_cast<size_t>(random_.Between(0, 5))];
  level = level == 1 ? 20 : 1;
}

}  // namespace itemized::testing
