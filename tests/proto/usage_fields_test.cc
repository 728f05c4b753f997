// SPDX-License-Identifier: Apache-2.0
#include "proto/usage_fields.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "itemized/v1/query.pb.h"

namespace itemized {
namespace {

using ::testing::ElementsAreArray;
using ::testing::SizeIs;

UsageCounts Distinct() {
  UsageCounts counts{};
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    counts[c] = static_cast<int64_t>(c) + 1;
  }
  return counts;
}

// Sets all counts of a message and reads them by the names of the table.
template <typename Message>
void ExpectACountForEachClass() {
  Message message;
  SetCounts(Distinct(), &message);
  EXPECT_THAT(CountsOf(message), ElementsAreArray(Distinct()));
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    const auto* field = Message::descriptor()->FindFieldByName(std::string(kUsageClasses[c].count));
    ASSERT_NE(field, nullptr) << kUsageClasses[c].count;
    EXPECT_EQ(message.GetReflection()->GetInt64(message, field), Distinct()[c]);
  }
}

TEST(UsageFields, EveryMessageWithUsageHasACountForEachClass) {
  ExpectACountForEachClass<v1::Usage>();
  ExpectACountForEachClass<v1::TopRow>();
  ExpectACountForEachClass<v1::SeriesPoint>();
}

// The decoder of the server finds the class by the number of the field.
TEST(UsageFields, AFieldOfUsageHasTheNumberOfItsClassPlusOne) {
  const google::protobuf::Descriptor& usage = *v1::Usage::descriptor();
  EXPECT_EQ(usage.field_count(), static_cast<int>(kUsageClassCount));
  for (int i = 0; i < usage.field_count(); ++i) {
    const auto c = static_cast<size_t>(usage.field(i)->number() - 1);
    ASSERT_LT(c, kUsageClassCount) << usage.field(i)->name() << " is not in the table";
    EXPECT_EQ(usage.field(i)->name(), kUsageClasses[c].count);
  }
}

TEST(UsageFields, AColumnHasTheNumberThatTheTableSays) {
  v1::CallColumns columns;
  const auto filled = UsageColumnsOf(&columns);
  ASSERT_THAT(filled, SizeIs(kUsageClassCount));
  for (size_t c = 0; c < kUsageClassCount; ++c) {
    const auto* field =
        v1::CallColumns::descriptor()->FindFieldByNumber(static_cast<int>(kUsageClasses[c].column));
    ASSERT_NE(field, nullptr) << kUsageClasses[c].count;
    EXPECT_EQ(field->name(), kUsageClasses[c].count);
    filled[c]->Add(7);
    EXPECT_EQ(columns.GetReflection()->GetRepeatedInt64(columns, field, 0), 7);
  }
}

TEST(UsageFields, EveryClassHasAPriceAndSoHasACall) {
  const google::protobuf::Descriptor& prices = *v1::Prices::descriptor();
  EXPECT_EQ(prices.field_count(), static_cast<int>(kUsageClassCount) + 1);
  ASSERT_THAT(kPriceFields, SizeIs(kUsageClassCount + 1));
  for (const PriceField& field : kPriceFields) {
    v1::Prices message;
    *(message.*field.mutate)() = "0.5";
    EXPECT_EQ((message.*field.get)(), "0.5");
    const auto* found = prices.FindFieldByName(std::string(field.name));
    ASSERT_NE(found, nullptr) << field.name;
    EXPECT_EQ(message.GetReflection()->GetString(message, found), "0.5");
  }
  EXPECT_EQ(kPriceFields.back().name, "request");
}

TEST(UsageFields, APriceIsWholePicoDollarsForAUnit) {
  for (const PriceField& field : kPriceFields) {
    int64_t units = 1;
    for (int digits = 12; digits > field.decimals; --digits) {
      units *= 10;
    }
    EXPECT_EQ(field.units, units) << field.name;
  }
}

TEST(UsageClasses, AClassIsBilledAsOneThatIsBilledAsItself) {
  for (const UsageClassInfo& info : kUsageClasses) {
    size_t steps = 0;
    const UsageClassInfo* at = &info;
    while (kUsageClasses[static_cast<size_t>(at->billed_as)].usage_class != at->usage_class) {
      at = &kUsageClasses[static_cast<size_t>(at->billed_as)];
      ASSERT_LT(++steps, kUsageClassCount) << info.count << " is billed in a circle";
    }
    EXPECT_EQ(at->kind == UsageKind::kRequests, info.kind == UsageKind::kRequests) << info.count;
  }
}

TEST(UsageClasses, NoTwoHaveTheSameNameOrColumn) {
  for (size_t a = 0; a < kUsageClassCount; ++a) {
    for (size_t b = 0; b < a; ++b) {
      EXPECT_NE(kUsageClasses[a].column, kUsageClasses[b].column);
      EXPECT_NE(kUsageClasses[a].count, kUsageClasses[b].count);
      EXPECT_NE(kUsageClasses[a].price, kUsageClasses[b].price);
      EXPECT_NE(kUsageClasses[a].label, kUsageClasses[b].label);
    }
  }
}

}  // namespace
}  // namespace itemized
