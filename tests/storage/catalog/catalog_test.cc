// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog.h"

#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/time.h"
#include "storage/model/limits.h"
#include "tests/storage/catalog/series_key_for_test.h"

namespace itemized {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The numbers of names, series, hours and days are not taken for each other, nor for plain ones.
template <typename A, typename B>
constexpr bool kAreApart = !std::is_convertible_v<A, B> && !std::is_constructible_v<A, B> &&
                           !std::is_assignable_v<A&, B> && !std::is_convertible_v<B, A> &&
                           !std::is_constructible_v<B, A> && !std::is_assignable_v<B&, A>;
static_assert(kAreApart<NameId, SeriesId>);
static_assert(kAreApart<NameId, Hour> && kAreApart<NameId, Day>);
static_assert(kAreApart<SeriesId, Hour> && kAreApart<SeriesId, Day>);
static_assert(!std::is_convertible_v<uint32_t, NameId> && !std::is_convertible_v<NameId, size_t>);
static_assert(!std::is_convertible_v<uint32_t, SeriesId> &&
              !std::is_convertible_v<SeriesId, size_t>);

constexpr NameKind kKinds[] = {NameKind::kStep, NameKind::kWorkflow, NameKind::kProvider,
                               NameKind::kModel};
constexpr NameId kOther(1);

// Interns names until the kind has no room for another.
void Fill(NameKind kind, size_t names_max, Catalog* catalog) {
  for (size_t i = catalog->name_count(kind); i < names_max; ++i) {
    catalog->Intern(kind, absl::StrCat("name ", i));
  }
  ASSERT_EQ(catalog->name_count(kind), names_max);
}

TEST(Catalog, NumbersTheNamesOfEachKindFromTwoOn) {
  Catalog catalog;
  for (const NameKind kind : kKinds) {
    EXPECT_EQ(catalog.Intern(kind, ""), kUnnamed);
    EXPECT_EQ(catalog.Intern(kind, kOtherName), kOther);
    EXPECT_EQ(catalog.Intern(kind, "first"), NameId(2));
    EXPECT_EQ(catalog.Intern(kind, "second"), NameId(3));
    EXPECT_EQ(catalog.Intern(kind, "first"), NameId(2));
    EXPECT_EQ(catalog.Name(kind, NameId(3)), "second");
    EXPECT_EQ(catalog.name_count(kind), 4U);
  }
}

TEST(Catalog, ResolveSaysWhatInternWouldAndAddsNothing) {
  Catalog catalog;
  EXPECT_EQ(catalog.Resolve(NameKind::kStep, "new"), Catalog::kUnknown);
  EXPECT_EQ(catalog.name_count(NameKind::kStep), 2U);
  const NameId id = catalog.Intern(NameKind::kStep, "new");
  EXPECT_EQ(catalog.Resolve(NameKind::kStep, "new"), id);
  EXPECT_EQ(catalog.Resolve(NameKind::kModel, "new"), Catalog::kUnknown);

  SeriesKey key{{id}};
  EXPECT_EQ(catalog.Resolve(key), Catalog::kUnknownSeries);
  EXPECT_EQ(catalog.series_count(), 0U);
  EXPECT_EQ(catalog.Intern(key), SeriesId(0));
  EXPECT_EQ(catalog.Resolve(key), SeriesId(0));
  EXPECT_EQ(catalog.Intern(key), SeriesId(0));
  EXPECT_EQ(catalog.Series(SeriesId(0)), key);
}

TEST(Catalog, FindKnowsOnlyNamesThatAnAppliedEntryHolds) {
  Catalog catalog;
  EXPECT_EQ(catalog.Find(NameKind::kStep, ""), kUnnamed);
  EXPECT_EQ(catalog.Find(NameKind::kStep, kOtherName), kOther);
  const NameId id = catalog.Intern(NameKind::kStep, "planning");
  EXPECT_EQ(catalog.Find(NameKind::kStep, "planning"), Catalog::kUnknown);
  ASSERT_TRUE(catalog.Apply(catalog.Unsaved()).ok());
  EXPECT_EQ(catalog.Find(NameKind::kStep, "planning"), id);
}

TEST(Catalog, NamesBeyondTheLimitOfTheirKindAreBilledAsOther) {
  const std::vector<size_t> limits = {kStepsMax, kWorkflowsMax, kProvidersMax, kModelsMax};
  for (const NameKind kind : kKinds) {
    Catalog catalog;
    Fill(kind, limits[static_cast<size_t>(kind)], &catalog);
    EXPECT_EQ(catalog.Resolve(kind, "one more"), kOther);
    EXPECT_EQ(catalog.Intern(kind, "one more"), kOther);
    EXPECT_EQ(catalog.Find(kind, "one more"), Catalog::kUnknown);
    EXPECT_EQ(catalog.name_count(kind), limits[static_cast<size_t>(kind)]);
    EXPECT_EQ(catalog.Intern(kind, "name 2"), NameId(2)) << "a name that is known stays known";
  }
}

TEST(Catalog, ModelsThatHaveARateAreNumberedBeyondTheLimit) {
  Catalog catalog;
  Fill(NameKind::kModel, kModelsMax, &catalog);
  const NameId rated = catalog.InternRatedModel("gpt-5");
  EXPECT_EQ(rated, NameId(kModelsMax));
  EXPECT_EQ(catalog.Resolve(NameKind::kModel, "gpt-5"), rated);
  EXPECT_EQ(catalog.Intern(NameKind::kModel, "one more"), kOther);
  for (size_t i = 0; catalog.HasRoomForRatedModel(); ++i) {
    catalog.InternRatedModel(absl::StrCat("rated ", i));
  }
  EXPECT_EQ(catalog.name_count(NameKind::kModel), kModelsMax + kRatedModelsMax);
  EXPECT_EQ(catalog.InternRatedModel("one too many"), kOther);
}

TEST(Catalog, SeriesBeyondTheLimitShareOneOfTheStepOther) {
  Catalog catalog;
  for (uint32_t model = 0; catalog.series_count() < kSeriesMax; ++model) {
    catalog.Intern(KeyOf(0, 0, 0, model));
  }
  const SeriesId shared = catalog.Intern(KeyOf(0, 7, 0, 0));
  EXPECT_EQ(catalog.Series(shared), (SeriesKey{{kOther}}));
  EXPECT_EQ(catalog.Intern(KeyOf(0, 8, 0, 0)), shared);
  EXPECT_EQ(catalog.Resolve(KeyOf(0, 9, 0, 0)), shared);
  EXPECT_EQ(catalog.Resolve(KeyOf(0, 0, 0, 3)), SeriesId(3));
  EXPECT_EQ(catalog.series_count(), kSeriesMax + 1);
}

TEST(Catalog, DropUnsavedTakesBackWhatNoEntryHoldsAndItsNumbersAreUsedAgain) {
  Catalog catalog;
  const NameId kept = catalog.Intern(NameKind::kStep, "kept");
  catalog.Intern(SeriesKey{{kept}});
  ASSERT_TRUE(catalog.Apply(catalog.Unsaved()).ok());
  const NameId dropped = catalog.Intern(NameKind::kStep, "dropped");
  catalog.Intern(SeriesKey{{dropped}});

  catalog.DropUnsaved();
  EXPECT_EQ(catalog.Resolve(NameKind::kStep, "dropped"), Catalog::kUnknown);
  EXPECT_EQ(catalog.Resolve(SeriesKey{{dropped}}), Catalog::kUnknownSeries);
  EXPECT_EQ(catalog.Find(NameKind::kStep, "kept"), kept);
  EXPECT_EQ(catalog.Intern(NameKind::kStep, "another"), dropped);
  EXPECT_EQ(catalog.Intern(SeriesKey{{dropped}}), SeriesId(1));
}

TEST(Catalog, UnsavedIsWhatWasInternedSinceTheLastEntry) {
  Catalog catalog;
  EXPECT_EQ(catalog.Unsaved(), CatalogAdditions());
  const NameId step = catalog.Intern(NameKind::kStep, "planning");
  catalog.Intern(SeriesKey{{step}});
  ASSERT_TRUE(catalog.Apply(catalog.Unsaved()).ok());
  EXPECT_THAT(catalog.Unsaved().names, IsEmpty());
  const NameId model = catalog.Intern(NameKind::kModel, "sonnet");
  catalog.Intern(SeriesKey{{step, {}, {}, model}});

  const CatalogAdditions unsaved = catalog.Unsaved();
  EXPECT_EQ(unsaved.names,
            (std::vector<CatalogAdditions::Name>{{NameKind::kModel, NameId(2), "sonnet"}}));
  EXPECT_EQ(unsaved.first_series, SeriesId(1));
  EXPECT_EQ(unsaved.series, (std::vector<SeriesKey>{SeriesKey{{step, {}, {}, model}}}));
}

CatalogAdditions SomeAdditions() {
  CatalogAdditions additions;
  additions.id_key = HashKey{11, 12};
  additions.names = {{NameKind::kStep, NameId(2), "planning"},
                     {NameKind::kModel, NameId(2), "sonnet"}};
  additions.series = {KeyOf(2, 0, 0, 2), KeyOf(2, 1, 0, 2)};
  return additions;
}

TEST(Catalog, AllThatOneHasMakesAnotherThatIsTheSame) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Apply(SomeAdditions()).ok());
  EXPECT_EQ(catalog.All(), SomeAdditions());
  EXPECT_EQ(catalog.id_key(), (HashKey{11, 12}));
  Catalog other;
  ASSERT_TRUE(other.Apply(catalog.All()).ok());
  EXPECT_EQ(other.All(), SomeAdditions());
}

TEST(Catalog, AnEntryMayBeAppliedAgain) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Apply(SomeAdditions()).ok());
  ASSERT_TRUE(catalog.Apply(SomeAdditions()).ok());
  EXPECT_EQ(catalog.All(), SomeAdditions());
}

// Applies `additions` after SomeAdditions, and expects what is said of them to hold `sentence`.
void ExpectRefused(const CatalogAdditions& additions, const std::string& sentence) {
  Catalog catalog;
  ASSERT_TRUE(catalog.Apply(SomeAdditions()).ok());
  const absl::Status status = catalog.Apply(additions);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr(sentence));
}

CatalogAdditions OneName(NameKind kind, uint32_t id, const std::string& name) {
  CatalogAdditions additions;
  additions.names = {{kind, NameId(id), name}};
  return additions;
}

CatalogAdditions OneSeries(uint32_t id, const SeriesKey& key) {
  CatalogAdditions additions;
  additions.first_series = SeriesId(id);
  additions.series = {key};
  return additions;
}

TEST(Catalog, ApplyRefusesANumberThatLeavesAGap) {
  ExpectRefused(OneName(NameKind::kStep, 4, "late"), "the number 4 to the name \"late\"");
  ExpectRefused(OneSeries(3, KeyOf(0, 0, 0, 0)), "series 3");
}

TEST(Catalog, ApplyRefusesAnotherNameUnderAKnownNumber) {
  ExpectRefused(OneName(NameKind::kStep, 2, "other"), "the number 2 to the name \"other\"");
  ExpectRefused(OneSeries(1, KeyOf(0, 0, 0, 0)), "series 1");
}

TEST(Catalog, ApplyRefusesAKnownNameUnderAnotherNumber) {
  ExpectRefused(OneName(NameKind::kStep, 3, "planning"), "the number 3");
  ExpectRefused(OneSeries(2, KeyOf(2, 0, 0, 2)), "series 2");
}

TEST(Catalog, ApplyRefusesASeriesOfNamesThatAreNotThere) {
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    SeriesKey key;
    key.names[kind] = NameId(3);
    ExpectRefused(OneSeries(2, key), "series 2");
  }
}

}  // namespace
}  // namespace itemized
