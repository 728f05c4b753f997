// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rate_changes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/rate_terms.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/rates/describe_match.h"
#include "client/rates/lookup.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr size_t kNamesShown = 5;
constexpr char kAlways[] = "always";

// Equal for rates that replace each other.
using Id = std::tuple<std::string, std::string, int64_t, int32_t, int32_t, std::string, std::string,
                      std::string, std::string, bool>;
Id IdOf(const pb::Rate& rate) {
  return {rate.provider(),
          client::DescribeMatch(rate.match()),
          rate.effective_from_unix_us(),
          rate.hours().from_second(),
          rate.hours().to_second(),
          rate.service_tier(),
          rate.region(),
          rate.attribute_key(),
          rate.attribute_value(),
          rate.multiplier().empty()};
}

// Whether a rate is for standard calls without a contract, by prices of its own.
bool IsPlain(const pb::Rate& rate) {
  return rate.multiplier().empty() && ConditionsText(rate).empty();
}

// Calls `visit(field, before, after)` for every class.
template <typename Visit>
void ForEachPrice(const pb::Prices& before, const pb::Prices& after, const Visit& visit) {
  const google::protobuf::Descriptor& fields = *pb::Prices::descriptor();
  for (int i = 0; i < fields.field_count(); ++i) {
    visit(fields.field(i)->name(), before.GetReflection()->GetString(before, fields.field(i)),
          after.GetReflection()->GetString(after, fields.field(i)));
  }
}

std::string InstantText(int64_t unix_us) {
  const std::string text = FormatTime(unix_us);
  return unix_us % kMicrosPerDay == 0 ? text.substr(0, sizeof("2026-11-01") - 1) : text;
}

std::string Names(const std::vector<std::string>& names) {
  const auto end = names.begin() + static_cast<ptrdiff_t>(std::min(names.size(), kNamesShown));
  const size_t more = names.size() - std::min(names.size(), kNamesShown);
  return absl::StrCat(absl::StrJoin(names.begin(), end, ", "),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

// The rate that prices a call of `model` now, with `rate` in the book; none if there is none.
std::optional<pb::Rate> WinnerNow(const pb::ListRatesResponse& book, const pb::Rate& rate,
                                  const std::string& model, int64_t now_us) {
  std::vector<const pb::Rate*> rates;
  for (const pb::Rate& other : book.rates()) {
    rates.push_back(&other);
  }
  rates.push_back(&rate);
  const ServedAs served = {.service_tier = rate.service_tier(), .region = rate.region()};
  return client::RateAt(rates, rate.provider(), model, served, now_us);
}

// The newest rate of the same provider and match that holds now.
pb::Rate NewestNow(const pb::ListRatesResponse& book, const pb::Rate& rate, int64_t now_us) {
  pb::Rate newest = rate;
  for (const pb::Rate& other : book.rates()) {
    const bool same = IsPlain(other) && other.provider() == rate.provider() &&
                      client::DescribeMatch(other.match()) == client::DescribeMatch(rate.match());
    if (same && other.effective_from_unix_us() <= now_us &&
        other.effective_from_unix_us() > newest.effective_from_unix_us()) {
      newest = other;
    }
  }
  return newest;
}

void PrintOwnRates(const pb::ListRatesResponse& book, const pb::Rate& rate, Session& session) {
  std::vector<std::string> own;
  for (const pb::Rate& other : book.rates()) {
    const std::string& model = other.match().equals();
    const bool of_it = !model.empty() && absl::StartsWith(model, rate.match().starts_with());
    if (of_it && std::find(own.begin(), own.end(), model) == own.end()) {
      own.push_back(model);
    }
  }
  if (!own.empty()) {
    *session.env.out << Printable(Names(own))
                     << (own.size() == 1 ? " has a rate of its own, which goes before this one.\n"
                                         : " have rates of their own, which go before this one.\n");
  }
}

}  // namespace

absl::StatusOr<int64_t> EffectiveFrom(const RatesArguments& arguments) {
  if (arguments.effective_from.empty() || arguments.effective_from == kAlways) {
    return 0;
  }
  ASSIGN_OR_RETURN(const absl::TimeZone zone, text::FindZone(arguments.tz));
  return text::ParseInstant("--effective-from", arguments.effective_from, zone);
}

std::string RateName(const pb::Rate& rate) {
  std::string name =
      absl::StrCat(rate.multiplier().empty() ? "" : "the multiplier of ", ServedName(rate));
  if (!rate.provider().empty()) {
    absl::StrAppend(&name, " of ", rate.provider());
  }
  if (rate.effective_from_unix_us() != 0) {
    absl::StrAppend(&name, " from ", InstantText(rate.effective_from_unix_us()));
  }
  if (rate.has_hours()) {
    absl::StrAppend(&name, " at ", HoursText(rate.hours()));
  }
  return name;
}

std::string ServedName(const pb::Rate& rate) {
  return absl::StrCat(client::DescribeMatch(rate.match()), ConditionsText(rate));
}

std::string HoursText(const pb::HoursOfDay& hours) {
  const auto time_of_day = [](int32_t second) {
    const std::string time = FormatTime(int64_t{second} * kMicrosPerSecond);
    return time.substr(sizeof("1970-01-01T") - 1, second % 60 == 0 ? 5 : 8);
  };
  return absl::StrCat(time_of_day(hours.from_second()), "-", time_of_day(hours.to_second()),
                      " UTC");
}

bool RateReplacement::changes_prices() const {
  bool changed = before.tiers_size() != after.tiers_size() ||
                 before.multiplier() != after.multiplier() || before.currency() != after.currency();
  for (int i = 0; !changed && i < before.tiers_size(); ++i) {
    changed = before.tiers(i).SerializeAsString() != after.tiers(i).SerializeAsString();
  }
  ForEachPrice(before.prices(), after.prices(),
               [&](const std::string&, const std::string& a, const std::string& b) {
                 changed = changed || PriceText(a) != PriceText(b);
               });
  return changed;
}

std::vector<RateReplacement> Replacements(const pb::ListRatesResponse& book, const Rates& rates) {
  std::map<Id, const pb::Rate*> known;
  for (const pb::Rate& rate : book.rates()) {
    known[IdOf(rate)] = &rate;
  }
  std::vector<RateReplacement> replacements;
  for (const pb::Rate& rate : rates) {
    const auto found = known.find(IdOf(rate));
    if (found == known.end()) {
      continue;
    }
    RateReplacement replacement{.before = *found->second, .after = rate, .lost = {}};
    ForEachPrice(replacement.before.prices(), rate.prices(),
                 [&](const std::string& field, const std::string& a, const std::string& b) {
                   if (!a.empty() && b.empty()) {
                     replacement.lost.push_back(field);
                   }
                 });
    replacements.push_back(std::move(replacement));
  }
  return replacements;
}

void PrintReplacement(const RateReplacement& replacement, Session& session) {
  Table table({{.header = "CLASS"},
               {.header = "BEFORE", .align = Align::kRight},
               {.header = "AFTER", .align = Align::kRight}});
  ForEachPrice(
      replacement.before.prices(), replacement.after.prices(),
      [&](const std::string& field, const std::string& before, const std::string& after) {
        if (!before.empty() || !after.empty()) {
          const bool same = PriceText(before) == PriceText(after);
          table.AddRow(
              {field, PriceText(before), {PriceText(after), same ? Style::kPlain : Style::kBold}});
        }
      });
  if (!replacement.before.multiplier().empty()) {
    *session.env.out << Printable(RateName(replacement.before)) << " was "
                     << Printable(replacement.before.multiplier()) << ".\n";
    return;
  }
  *session.env.out << Styled(Printable(RateName(replacement.before)), Style::kBold,
                             session.env.canvas)
                   << ", USD per 1M tokens\n\n"
                   << table.Render(session.env.canvas) << "\n";
  if (!replacement.before.tiers().empty() && replacement.after.tiers().empty()) {
    *session.env.out << "Its prices for large contexts are gone.\n";
  }
}

void PrintReplacements(const std::vector<RateReplacement>& replacements, Session& session) {
  std::vector<std::string> changed;
  std::vector<std::string> lost;
  for (const RateReplacement& replacement : replacements) {
    if (replacement.changes_prices()) {
      changed.push_back(RateName(replacement.before));
    }
    if (replacement.loses_prices()) {
      lost.push_back(absl::StrCat(
          RateName(replacement.before), " (",
          replacement.lost.empty() ? "large contexts" : absl::StrJoin(replacement.lost, ", "),
          ")"));
    }
  }
  if (!changed.empty()) {
    *session.env.out << changed.size()
                     << " of the replaced had other prices before: " << Printable(Names(changed))
                     << ".\n";
  }
  if (!lost.empty()) {
    *session.env.out << Styled(Printable(
                                   absl::StrCat("Lost prices that they had: ", Names(lost), ".")),
                               Style::kYellow, session.env.canvas)
                     << "\n";
  }
}

void PrintWhatWins(const pb::ListRatesResponse& book, const pb::Rate& rate, Session& session) {
  std::ostream& out = *session.env.out;
  const int64_t now_us = session.env.clock->NowUs();
  const std::string models = client::DescribeMatch(rate.match());
  if (!IsPlain(rate)) {
    return;
  }
  const bool is_one_model = rate.match().match_case() == pb::ModelMatch::kEquals;
  const std::optional<pb::Rate> winner = is_one_model
                                             ? WinnerNow(book, rate, rate.match().equals(), now_us)
                                             : std::optional(NewestNow(book, rate, now_us));
  if (!winner.has_value()) {
    out << "It holds from " << InstantText(rate.effective_from_unix_us())
        << "; until then calls of " << Printable(models) << " have no price.\n";
  } else if (IdOf(*winner) != IdOf(rate)) {
    out << Styled(Printable(absl::StrCat("Today's calls of ", models,
                                         " are priced by another rate: ", RateName(*winner), ".")),
                  Style::kYellow, session.env.canvas)
        << "\n";
  }
  if (rate.match().match_case() == pb::ModelMatch::kStartsWith) {
    PrintOwnRates(book, rate, session);
  }
}

}  // namespace itemized::cli
