// SPDX-License-Identifier: Apache-2.0
// What providers report becomes the usage that it means: every shape of the table, in vectors.

#include "tests/storage/usage_shapes/usage_vectors.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/pricing/provider_names.h"
#include "storage/usage_shapes/reported_usage.h"
#include "storage/usage_shapes/usage_table.h"

namespace itemized::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

ReportedUsage Read(const std::string& json) {
  absl::StatusOr<ReportedUsage> read = ReadReportedUsage(json);
  EXPECT_TRUE(read.ok()) << read.status() << " " << json;
  return read.ok() ? *std::move(read) : ReportedUsage{};
}

std::string Troubles(const ReportedUsage& usage) {
  return absl::StrJoin(usage.troubles, " ", [](std::string* out, const UsageTrouble& trouble) {
    out->append(trouble.sentence);
  });
}

// Writes what a vector has to be told of as JSON writes it: vectors quote Python.
std::string AsJson(const std::string& told) {
  return absl::StrReplaceAll(told, {{"'", "\""}, {"True", "true"}});
}

void ExpectMeans(const UsageVector& vector, const ReportedUsage& read) {
  EXPECT_THAT(vector.usages, Contains(read.usage)) << Troubles(read);
  if (vector.provider.has_value() && !read.provider.empty()) {
    EXPECT_EQ(CanonicalProvider(read.provider), CanonicalProvider(*vector.provider));
  }
  EXPECT_EQ(read.service_tier, vector.service_tier.value_or(read.service_tier));
  EXPECT_EQ(read.region, vector.region.value_or(read.region));
  EXPECT_EQ(read.model, vector.model.value_or(read.model));
  EXPECT_EQ(read.shape, vector.shape.value_or(read.shape));
  if (vector.reported_cost_usd.has_value()) {
    ASSERT_TRUE(read.reported_cost.has_value());
    EXPECT_EQ(*read.reported_cost, *ParseUsd(*vector.reported_cost_usd));
  }
  if (vector.told.has_value()) {
    EXPECT_THAT(Troubles(read), HasSubstr(AsJson(*vector.told)));
  } else if (vector.usages.front().has_value()) {
    EXPECT_EQ(Troubles(read), "");  // What is right is no trouble.
    EXPECT_FALSE(read.is_unknown || read.is_misreported);
  }
}

TEST(UsageVectors, AReportInPiecesBecomesTheUsageThatItMeans) {
  const std::vector<UsageVector> vectors = ReadUsageVectors();
  EXPECT_GT(vectors.size(), 100U);
  for (const UsageVector& vector : vectors) {
    SCOPED_TRACE(vector.name);
    ExpectMeans(vector, Read(InAnArray(vector.pieces)));
  }
}

TEST(UsageVectors, AResponseAloneNeedsNoArray) {
  for (const UsageVector& vector : ReadUsageVectors()) {
    if (vector.pieces.size() == 1) {
      SCOPED_TRACE(vector.name);
      ExpectMeans(vector, Read(vector.pieces.front()));
    }
  }
}

TEST(UsageVectors, AreThereForEveryShape) {
  std::set<std::string> missing;
  for (const UsageShape& shape : UsageTable::Get().shapes()) {
    missing.insert(shape.name());
  }
  for (const UsageVector& vector : ReadUsageVectors()) {
    missing.erase(Read(InAnArray(vector.pieces)).shape);
  }
  EXPECT_EQ(missing, std::set<std::string>());
}

// What the table says of a shape's input is what its vectors show.
TEST(UsageVectors, AreReadAlikeWhereTheSenderSaysWhatTheShapeSaysAnyway) {
  for (const UsageVector& vector : ReadUsageVectors()) {
    SCOPED_TRACE(vector.name);
    const std::string json = InAnArray(vector.pieces);
    const ReportedUsage unsaid = Read(json);
    if (!unsaid.usage.has_value()) {
      continue;
    }
    const auto inclusive = ReadReportedUsage(json, CacheAccounting::kInclusive);
    const auto exclusive = ReadReportedUsage(json, CacheAccounting::kExclusive);
    ASSERT_TRUE(exclusive.ok()) << exclusive.status();
    EXPECT_TRUE(exclusive->usage == unsaid.usage ||
                (inclusive.ok() && inclusive->usage == unsaid.usage));
  }
}

TEST(UsageVectors, WhatIsSaidToStandBesideTheInputIsNotTakenOutOfIt) {
  constexpr char kChat[] =
      R"({"usage":{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}})";
  EXPECT_EQ((*Read(kChat).usage)[UsageClass::kInput], 6);
  const auto exclusive = ReadReportedUsage(kChat, CacheAccounting::kExclusive);
  ASSERT_TRUE(exclusive.ok());
  EXPECT_EQ((*exclusive->usage)[UsageClass::kInput], 10);
  EXPECT_EQ((*exclusive->usage)[UsageClass::kCacheRead], 4);
}

// A report that contradicts itself may be told of, and never guessed at.
TEST(UsageVectors, WithoutUsageAreUnknownOrMisreportedOrSilent) {
  for (const UsageVector& vector : ReadUsageVectors()) {
    const ReportedUsage read = Read(InAnArray(vector.pieces));
    SCOPED_TRACE(vector.name);
    if (vector.told.has_value()) {
      EXPECT_FALSE(read.troubles.empty());
    }
    for (const UsageTrouble& trouble : read.troubles) {
      EXPECT_TRUE(absl::ascii_isupper(static_cast<unsigned char>(trouble.sentence.front())));
      EXPECT_EQ(trouble.sentence.back(), '.');
      EXPECT_NE(trouble.kind, "");
    }
  }
}

}  // namespace
}  // namespace itemized::testing
