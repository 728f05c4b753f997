// SPDX-License-Identifier: Apache-2.0
#include "storage/block/reported_usage_columns.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/block/report_skeleton.h"

namespace itemized {
namespace {

constexpr size_t kRecipesOfSkeletonMax = 64;
constexpr size_t kClassesTried = 6;  // Sums of more classes than these are not looked for.
constexpr size_t kTextBytesMax = size_t{64} << 20;  // A damaged block could name more.

// The bits of the usage classes whose sum a number is; 0 for one that stands by itself.
using ClassSet = uint32_t;

struct Recipe {
  uint32_t skeleton = 0;
  std::vector<ClassSet> sums;  // One for each number of the skeleton.
};

uint64_t SumOf(ClassSet classes, const Usage& usage) {
  uint64_t sum = 0;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    sum += ((classes >> c) & 1) != 0 ? static_cast<uint64_t>(usage.counts[c]) : 0;
  }
  return sum;
}

// Returns the classes whose sum the number is, as few as possible; 0 if there are none.
ClassSet Explain(uint64_t number, const Usage& usage) {
  std::vector<size_t> used;
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    if (usage.counts[c] == 0 && number == 0) {
      return ClassSet{1} << c;
    }
    if (usage.counts[c] != 0 && used.size() < kClassesTried) {
      used.push_back(c);
    }
  }
  ClassSet best = 0;
  for (uint32_t subset = 1; subset < (uint32_t{1} << used.size()); ++subset) {
    ClassSet classes = 0;
    for (size_t i = 0; i < used.size(); ++i) {
      classes |= ((subset >> i) & 1) << used[i];
    }
    const bool is_smaller = best == 0 || __builtin_popcount(classes) < __builtin_popcount(best);
    if (is_smaller && SumOf(classes, usage) == number) {
      best = classes;
    }
  }
  return best;
}

// Returns how many of the numbers stand by themselves under the recipe; nothing if it does not fit.
std::optional<size_t> Unexplained(const Recipe& recipe, const std::vector<uint64_t>& numbers,
                                  const Usage& usage) {
  size_t unexplained = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (recipe.sums[i] == 0) {
      ++unexplained;
    } else if (SumOf(recipe.sums[i], usage) != numbers[i]) {
      return std::nullopt;
    }
  }
  return unexplained;
}

// Collects the skeletons and recipes of a block.
class RecipeWriter {
 public:
  // Returns the index of a recipe that fits. Known ones are preferred, so that few come about.
  uint32_t Find(const SplitReport& split, const Usage& usage) {
    const auto [it, inserted] =
        indexes_.try_emplace(split.skeleton, static_cast<uint32_t>(skeletons_.size()));
    if (inserted) {
      skeletons_.emplace_back(split.skeleton);
      of_skeleton_.emplace_back();
    }
    std::vector<uint32_t>& known = of_skeleton_[it->second];
    const auto [best, best_unexplained] = BestOf(known, split.numbers, usage);
    if (best_unexplained == 0) {
      return best;
    }
    Recipe made{.skeleton = it->second, .sums = {}};
    const bool is_full = known.size() + 1 >= kRecipesOfSkeletonMax;
    for (const uint64_t number : split.numbers) {  // The last one explains nothing, and fits all.
      made.sums.push_back(is_full ? 0 : Explain(number, usage));
    }
    if (!known.empty() && *Unexplained(made, split.numbers, usage) >= best_unexplained) {
      return best;
    }
    known.push_back(static_cast<uint32_t>(recipes_.size()));
    recipes_.push_back(std::move(made));
    return known.back();
  }

  const Recipe& recipe(uint32_t index) const { return recipes_[index]; }

  std::string Bytes() const {
    std::string out;
    if (skeletons_.empty()) {
      return out;
    }
    AppendVarint(&out, skeletons_.size());
    for (const std::string& skeleton : skeletons_) {
      AppendSized(&out, skeleton);
    }
    for (const Recipe& recipe : recipes_) {
      AppendVarint(&out, recipe.skeleton);
      for (const ClassSet classes : recipe.sums) {
        AppendVarint(&out, classes);
      }
    }
    return out;
  }

 private:
  // Returns the recipe that fits best, and how many numbers stand by themselves under it: more than
  // there are if none fits.
  std::pair<uint32_t, size_t> BestOf(const std::vector<uint32_t>& known,
                                     const std::vector<uint64_t>& numbers,
                                     const Usage& usage) const {
    std::pair<uint32_t, size_t> best{0, numbers.size() + 1};
    for (const uint32_t candidate : known) {
      const auto unexplained = Unexplained(recipes_[candidate], numbers, usage);
      if (unexplained.has_value() && *unexplained < best.second) {
        best = {candidate, *unexplained};
      }
    }
    return best;
  }

  std::vector<std::string> skeletons_;
  std::vector<Recipe> recipes_;
  std::vector<std::vector<uint32_t>> of_skeleton_;  // The recipes of each.
  absl::flat_hash_map<std::string, uint32_t> indexes_;
};

// The skeletons and recipes of a stored block.
class RecipeReader {
 public:
  bool Read(absl::string_view raw) {
    uint64_t count = 0;
    if (raw.empty()) {
      return true;
    }
    if (!ReadVarint(&raw, &count) || count > raw.size()) {
      return false;
    }
    for (uint64_t i = 0; i < count; ++i) {
      absl::string_view skeleton;
      if (!ReadSized(&raw, &skeleton) || skeleton.size() > kSkeletonBytesMax) {
        return false;
      }
      skeletons_.push_back(skeleton);
      marks_.push_back(CountMarks(skeleton));
    }
    while (!raw.empty()) {
      if (!ReadRecipe(&raw)) {
        return false;
      }
    }
    return true;
  }

  // Returns null if there is no such recipe. `number` is not 0.
  const Recipe* Find(uint32_t number) const {
    return number <= recipes_.size() ? &recipes_[number - 1] : nullptr;
  }

  // Writes a report; false if `*numbers` is malformed. Its numbers are taken off the front.
  bool Write(const Recipe& recipe, const Usage& usage, absl::string_view* numbers,
             std::string* text) const {
    size_t next = 0;
    bool is_good = true;
    const absl::string_view skeleton = skeletons_[recipe.skeleton];
    const auto visit = [&](size_t at, size_t size) {
      if (size > 0) {
        text->append(skeleton.data() + at, size);
        return;
      }
      uint64_t number = SumOf(recipe.sums[next], usage);
      if (recipe.sums[next] == 0) {
        is_good = is_good && ReadVarint(numbers, &number);
      }
      absl::StrAppend(text, number);
      ++next;
    };
    ScanNumbers(skeleton, visit, [&](char c) { text->push_back(c); });
    return is_good;
  }

 private:
  bool ReadRecipe(absl::string_view* raw) {
    Recipe recipe;
    if (!ReadVarint32(raw, &recipe.skeleton) || recipe.skeleton >= skeletons_.size()) {
      return false;
    }
    recipe.sums.resize(marks_[recipe.skeleton]);
    for (ClassSet& classes : recipe.sums) {
      if (!ReadVarint32(raw, &classes)) {
        return false;
      }
    }
    recipes_.push_back(std::move(recipe));
    return true;
  }

  std::vector<absl::string_view> skeletons_;
  std::vector<size_t> marks_;  // How many numbers each has.
  std::vector<Recipe> recipes_;
};

// Takes the numbers that stand by themselves off the front of `*numbers`; false if malformed.
bool SkipNumbers(const Recipe& recipe, absl::string_view* numbers) {
  return std::all_of(recipe.sums.begin(), recipe.sums.end(), [&](ClassSet classes) {
    uint64_t number = 0;
    return classes != 0 || ReadVarint(numbers, &number);
  });
}

// Appends to `*picked` the numbers of the rows in `rows`, which rise. `recipe` has those of all
// rows. Returns false if anything is malformed.
bool PickNumbers(absl::string_view recipes, const std::vector<uint32_t>& recipe,
                 absl::string_view numbers, const std::vector<uint32_t>& rows,
                 std::string* picked) {
  RecipeReader reader;
  if (!reader.Read(recipes)) {
    return false;
  }
  size_t next = 0;
  for (const uint32_t row : rows) {
    for (; next <= row; ++next) {
      const absl::string_view before = numbers;
      if (recipe[next] != 0) {
        const Recipe* const found = reader.Find(recipe[next]);
        if (found == nullptr || !SkipNumbers(*found, &numbers)) {
          return false;
        }
      }
      if (next == row) {
        picked->append(before.data(), before.size() - numbers.size());
      }
    }
  }
  return true;
}

}  // namespace

ReportedUsageColumns EncodeReportedUsage(const CallRows& calls) {
  ReportedUsageColumns columns;
  if (calls.reported_usage.empty()) {
    return columns;
  }
  RecipeWriter writer;
  columns.recipe.resize(calls.size());
  for (size_t row = 0; row < calls.size(); ++row) {
    const absl::string_view text = calls.reported_usage[row];
    const std::optional<SplitReport> split = text.empty() ? std::nullopt : SplitNumbers(text);
    if (!split.has_value()) {
      continue;
    }
    const uint32_t index = writer.Find(*split, calls.UsageAt(row));
    columns.recipe[row] = index + 1;
    const Recipe& recipe = writer.recipe(index);
    for (size_t i = 0; i < split->numbers.size(); ++i) {
      if (recipe.sums[i] == 0) {
        AppendVarint(&columns.numbers, split->numbers[i]);
      }
    }
  }
  columns.recipes = writer.Bytes();
  return columns;
}

bool DecodeReportedUsage(absl::string_view recipes, const std::vector<uint32_t>& recipe,
                         absl::string_view numbers, CallRows* calls) {
  RecipeReader reader;
  if (!reader.Read(recipes)) {
    return false;
  }
  size_t bytes = 0;
  std::string text;
  for (size_t row = 0; row < recipe.size(); ++row) {
    text.clear();
    if (recipe[row] != 0) {
      const Recipe* const found = reader.Find(recipe[row]);
      if (found == nullptr || !reader.Write(*found, calls->UsageAt(row), &numbers, &text)) {
        return false;
      }
    }
    bytes += text.size();
    if (bytes > kTextBytesMax) {
      return false;
    }
    calls->reported_usage.push_back(text);
  }
  return numbers.empty();
}

absl::StatusOr<std::string> PickReportedNumbers(StoredBlock* stored,
                                                const std::vector<uint32_t>& rows) {
  ASSIGN_OR_RETURN(const absl::string_view recipes, stored->Raw(ColumnId::kReportedUsageRecipes));
  ASSIGN_OR_RETURN(absl::string_view column, stored->Raw(ColumnId::kReportedUsageRecipe));
  ASSIGN_OR_RETURN(const absl::string_view numbers, stored->Raw(ColumnId::kReportedUsageNumbers));
  std::vector<uint32_t> recipe(stored->rows);
  std::string picked;
  if ((!column.empty() && !ReadVarints(&column, recipe.size(), recipe.data())) ||
      !PickNumbers(recipes, recipe, numbers, rows, &picked)) {
    return DamagedBlock(stored->ref, "its reported usage cannot be read");
  }
  return picked;
}

}  // namespace itemized
