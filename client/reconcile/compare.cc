// SPDX-License-Identifier: Apache-2.0
#include "client/reconcile/compare.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "client/rates/model_names.h"

namespace itemized::client {
namespace {

using Names = std::set<std::string>;

template <typename Rows>
Names ModelsOf(const Rows& rows) {
  Names models;
  for (const auto& [key, figures] : rows) {
    models.insert(key.second);
  }
  return models;
}

bool IsWithin(Picos traced, Picos exported, Picos tolerance) {
  const Picos difference = traced > exported ? traced - exported : exported - traced;
  const Picos magnitude = exported < 0 ? -exported : exported;
  return difference <= DivideRounded(magnitude * tolerance, kPicosPerUsd);
}

bool IsWithin(const ComparedRow& row, Picos tolerance) {
  const TracedFigures& traced = row.traced;
  const UsageFigures& exported = row.provider;
  if (!row.is_exported) {
    return traced.tokens == 0 && traced.cost == 0;
  }
  return (!exported.tokens || IsWithin(traced.tokens, *exported.tokens, tolerance)) &&
         (!exported.cost || IsWithin(traced.cost, *exported.cost, tolerance));
}

// Which name each model is compared under.
class Joiner {
 public:
  Joiner(const Names& traced, const Names& exported, absl::string_view provider) {
    std::map<std::string, std::pair<Names, Names>> by_bare_name;
    for (const std::string& model : traced) {
      by_bare_name[BareModelName(provider, model)].first.insert(model);
    }
    for (const std::string& model : exported) {
      by_bare_name[BareModelName(provider, model)].second.insert(model);
    }
    for (const auto& [bare, sides] : by_bare_name) {
      Join(bare, sides.first, sides.second);
    }
  }

  const std::string& NameFor(const std::string& model) const {
    const auto found = names_.find(model);
    return found == names_.end() ? model : found->second;
  }

  std::vector<std::string> Joined() const {
    std::vector<std::string> joined;
    for (const auto& [model, name] : names_) {
      joined.push_back(absl::StrCat(model, " as ", name));
    }
    return joined;
  }

 private:
  // Joins the names of one model: under the one that the export has, or under the bare name if it
  // has several, of which any could be meant.
  void Join(const std::string& bare, const Names& traced, const Names& exported) {
    const bool all_known =
        std::includes(exported.begin(), exported.end(), traced.begin(), traced.end());
    if (all_known || exported.empty()) {
      return;
    }
    const std::string& name = exported.size() == 1 ? *exported.begin() : bare;
    for (const Names* const side : {&traced, &exported}) {
      for (const std::string& model : *side) {
        if (model != name) {
          names_[model] = name;
        }
      }
    }
  }

  std::map<std::string, std::string> names_;
};

}  // namespace

void TracedFigures::Add(const TracedFigures& other) {
  calls += other.calls;
  unpriced_calls += other.unpriced_calls;
  tokens += other.tokens;
  cost += other.cost;
}

bool Comparison::is_within() const {
  return total.is_within && std::all_of(rows.begin(), rows.end(),
                                        [](const ComparedRow& row) { return row.is_within; });
}

Comparison Compare(const UsageExport& exported, const TracedRows& traced,
                   absl::string_view provider, Picos tolerance) {
  const Joiner joiner(ModelsOf(traced), ModelsOf(exported.rows), provider);
  std::map<DayAndModel, ComparedRow> rows;
  for (const auto& [key, figures] : traced) {
    ComparedRow& row = rows[{key.first, joiner.NameFor(key.second)}];
    row.traced.Add(figures);
    row.is_traced = true;
  }
  for (const auto& [key, figures] : exported.rows) {
    ComparedRow& row = rows[{key.first, joiner.NameFor(key.second)}];
    row.provider.Add(figures);
    row.is_exported = true;
  }
  Comparison comparison;
  Names all_traced;
  Names all_exported;
  for (auto& [key, row] : rows) {
    row.day = key.first;
    row.model = key.second;
    row.is_within = IsWithin(row, tolerance);
    comparison.total.traced.Add(row.traced);
    comparison.total.provider.Add(row.provider);
    (row.is_traced ? all_traced : all_exported).insert(row.model);
    (row.is_exported ? all_exported : all_traced).insert(row.model);
    comparison.rows.push_back(row);
  }
  comparison.total.is_traced = !all_traced.empty();
  comparison.total.is_exported = !exported.rows.empty();
  comparison.total.is_within = IsWithin(comparison.total, tolerance);
  comparison.joined = joiner.Joined();
  std::set_difference(all_traced.begin(), all_traced.end(), all_exported.begin(),
                      all_exported.end(), std::back_inserter(comparison.only_traced));
  std::set_difference(all_exported.begin(), all_exported.end(), all_traced.begin(),
                      all_traced.end(), std::back_inserter(comparison.only_exported));
  return comparison;
}

}  // namespace itemized::client
