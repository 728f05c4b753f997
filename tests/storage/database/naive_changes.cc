// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/database/naive_changes.h"

#include <algorithm>

#include "tests/storage/pricing/plain_rules.h"

namespace itemized::testing {
namespace {

std::string AttributeOf(const Call& call, const std::string& key) {
  for (const auto& [name, value] : call.attributes) {
    if (name == key) {
      return value == "standard" || value == "global" ? "" : value;
    }
  }
  return "";
}

bool IsFor(const Rate& rate, const std::string& model) {
  const std::string& text = rate.match.text;
  switch (rate.match.kind) {
    case ModelMatch::Kind::kEquals:
      return text == model;
    case ModelMatch::Kind::kStartsWith:
      return model.rfind(text, 0) == 0;
    case ModelMatch::Kind::kEndsWith:
      return model.size() >= text.size() && model.substr(model.size() - text.size()) == text;
    default:
      return model.find(text) != std::string::npos;
  }
}

// Spreads `to` tokens over `classes` as they stand.
void Spread(const std::vector<UsageClass>& classes, int64_t to, Usage* usage) {
  const Usage old = *usage;
  Whole sum = 0;
  UsageClass most = classes[0];
  for (const UsageClass c : classes) {
    sum += old[c];
    most = old[c] > old[most] ? c : most;
  }
  int64_t given = 0;
  for (const UsageClass c : classes) {
    (*usage)[c] = static_cast<int64_t>(Whole(Whole(old[c]) * to / sum));
    given += (*usage)[c];
  }
  (*usage)[most] += to - given;
}

}  // namespace

namespace {

Whole RoundedWhole(const Fraction& value) {
  const Fraction twice = value * 2;
  Whole low = boost::multiprecision::numerator(twice) / boost::multiprecision::denominator(twice);
  while (low > twice || low % 2 != 0) {
    --low;  // The greatest even number below.
  }
  const Fraction over = twice - low;
  Whole whole = low / 2;
  whole += over > 1 || (over == 1 && whole % 2 != 0) ? 1 : 0;
  return whole;
}

}  // namespace

int64_t Rounded(const Fraction& value) {
  return static_cast<int64_t>(RoundedWhole(value));
}

Picos RoundedWide(const Fraction& value) {
  const Whole whole = RoundedWhole(value);
  return absl::MakeInt128(static_cast<int64_t>(Whole(whole >> 64)),
                          static_cast<uint64_t>(Whole(whole & UINT64_MAX)));
}

void SetAttribute(Call* call, const std::string& key, const std::string& value) {
  auto& all = call->attributes;
  all.erase(std::remove_if(all.begin(), all.end(), [&](const auto& a) { return a.first == key; }),
            all.end());
  if (!value.empty()) {
    all.emplace_back(key, value);
  }
}

bool AreNamesEqual(const Call& a, const Call& b) {
  return a.provider == b.provider && a.model == b.model &&
         AttributeOf(a, kTierAttribute) == AttributeOf(b, kTierAttribute) &&
         AttributeOf(a, kRegionAttributeName) == AttributeOf(b, kRegionAttributeName);
}

std::string NaiveMakerOf(const Call& call) {
  if (!call.provider.empty()) {
    return call.provider;
  }
  if (call.model.rfind("claude", 0) == 0) {
    return "anthropic";
  }
  return call.model.rfind("gpt-", 0) == 0 ? "openai" : "";
}

NaiveTargets::NaiveTargets(const std::vector<NaiveRate>& book, const ModelSwap& swap) {
  Call call;
  call.model = swap.model;
  maker = NaiveMakerOf(call);
  for (const NaiveRate& entry : book) {
    const Rate& rate = entry.rate;
    if (rate.multiplier_ppm == 0 && IsFor(rate, swap.model)) {
      of_any = of_any || rate.provider.empty();
      owners.insert(rate.provider);
    }
  }
  owners.erase("");
  if (!swap.provider.empty()) {
    given = swap.provider;
  }
}

bool NaiveTargets::Has(const std::string& provider) const {
  return of_any || owners.count(provider) > 0 || (provider.empty() && owners.count(maker) > 0);
}

std::optional<std::string> NaiveTargets::For(const std::string& provider) const {
  if (given.has_value()) {
    return Has(*given) ? given : std::nullopt;
  }
  if (Has(provider)) {
    return provider;
  }
  if (owners.size() == 1) {
    return *owners.begin();
  }
  return owners.count(maker) > 0 ? std::optional(maker) : std::nullopt;
}

bool CapNaively(int64_t cap, Usage* usage) {
  if (PlainTotalInput(*usage) <= cap) {
    return false;
  }
  Spread({UsageClass::kInput, UsageClass::kCacheRead, UsageClass::kCacheWrite5m,
          UsageClass::kCacheWrite1h, UsageClass::kInputAudio, UsageClass::kCacheReadAudio,
          UsageClass::kInputImage},
         cap, usage);
  return true;
}

bool CacheNaively(int64_t share, Usage* usage) {
  const int64_t rest = (*usage)[UsageClass::kInput] + (*usage)[UsageClass::kCacheWrite5m] +
                       (*usage)[UsageClass::kCacheWrite1h];
  int64_t& cached = (*usage)[UsageClass::kCacheRead];
  const int64_t context = rest + cached;
  const Whole doubled = Whole(context) * share * 2 + 1'000'000'000'000;
  const auto wanted = static_cast<int64_t>(Whole(doubled / 2'000'000'000'000));
  if (cached >= wanted) {
    return false;
  }
  cached = wanted;
  Spread({UsageClass::kInput, UsageClass::kCacheWrite5m, UsageClass::kCacheWrite1h},
         context - wanted, usage);
  return true;
}

}  // namespace itemized::testing
