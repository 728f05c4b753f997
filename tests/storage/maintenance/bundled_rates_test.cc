// SPDX-License-Identifier: Apache-2.0
// Rates that come with a release of the program, beside those that users set.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/describe.h"

namespace itemized::testing {
namespace {

constexpr const char* kModel = "claude-sonnet-4-6";  // The one of MakeCall.

class BundledRates : public DatabaseTest {
 protected:
  // Returns what the call of a million tokens costs, in pico-dollars a token; -1 if it has no
  // price.
  int64_t PriceOfCall() {
    const TopAnswer top = Value(db().Top({.window = Window::Of({0, 2 * kNowUs})}));
    return top.total.unpriced_calls != 0 ? -1 : static_cast<int64_t>(top.total.cost / 1'000'000);
  }
  void StoreCall() { Store({MakeCall("c-1", "run-1", "planning", 1'000'000)}); }
  RateChange SetBundled(const std::vector<Rate>& rates) {
    return Value(db().SetBundledRates(rates));
  }
};

TEST_F(BundledRates, PriceTheCallsThatWereThereBefore) {
  StoreCall();
  EXPECT_EQ(PriceOfCall(), -1);
  const RateChange change = SetBundled({MakeRate(kModel, 3, 15), MakeRate("other", 1, 1)});
  EXPECT_EQ(Describe(change), Describe(RateChange{.added = 2, .repriced_calls = 1}));
  EXPECT_EQ(PriceOfCall(), 3);
}

TEST_F(BundledRates, GiveWayToARateOfAUserAndComeBackWhenThatGoes) {
  StoreCall();
  SetBundled({MakeRate(kModel, 3, 15)});
  SetRates({MakeRate(kModel, 7, 15)});
  EXPECT_EQ(PriceOfCall(), 7);
  ASSERT_TRUE(db().RemoveRates({{.provider = "", .match = ModelMatch::Equals(kModel)}}).ok());
  EXPECT_EQ(PriceOfCall(), 3);
}

TEST_F(BundledRates, OfANewerReleaseTakeThePlaceOfThoseOfAnEarlierOne) {
  StoreCall();
  SetRates({MakeRate("own", 9, 9)});
  SetBundled({MakeRate(kModel, 3, 15), MakeRate("gone", 1, 1), MakeRate("same", 2, 2)});
  Reopen();
  const RateChange change =
      SetBundled({MakeRate(kModel, 4, 15), MakeRate("new", 1, 1), MakeRate("same", 2, 2)});
  EXPECT_EQ(Describe(change),
            Describe(RateChange{.added = 1, .replaced = 1, .removed = 1, .repriced_calls = 1}));
  EXPECT_EQ(PriceOfCall(), 4);
  std::vector<std::string> models;
  for (const Rate& rate : db().ListRates()) {
    models.push_back(rate.match.text + (rate.origin == RateOrigin::kBundled ? "" : " of a user"));
  }
  EXPECT_EQ(models, (std::vector<std::string>{kModel, "new", "own of a user", "same"}));
}

TEST_F(BundledRates, ThatHaveNotChangedChangeNothing) {
  StoreCall();
  SetBundled({MakeRate(kModel, 3, 15)});
  Reopen();
  EXPECT_EQ(Describe(SetBundled({MakeRate(kModel, 3, 15)})), Describe(RateChange()));
  EXPECT_EQ(PriceOfCall(), 3);
}

TEST_F(BundledRates, CanBeTakenOutAltogether) {
  StoreCall();
  SetBundled({MakeRate(kModel, 3, 15)});
  EXPECT_EQ(SetBundled({}).removed, 1);
  EXPECT_EQ(PriceOfCall(), -1);
  EXPECT_TRUE(db().ListRates().empty());
}

TEST_F(BundledRates, ThatAreWrongAreRefusedAltogether) {
  Rate broken = MakeRate("broken", 1, 1);
  broken.hours = {.from_s = -1, .to_s = 5};
  EXPECT_EQ(db().SetBundledRates({MakeRate(kModel, 3, 15), broken}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(db().ListRates().empty());
}

}  // namespace
}  // namespace itemized::testing
