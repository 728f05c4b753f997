// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

#include "storage/base/bytes.h"
#include "storage/sketch/histogram.h"
#include "tests/storage/sketch/values.h"

namespace itemized {
namespace {

std::string Encoded(const Histogram& histogram) {
  std::string bytes;
  histogram.EncodeTo(&bytes);
  return bytes;
}

absl::StatusCode CodeOf(absl::string_view bytes) {
  return Histogram::DecodeFrom(&bytes).status().code();
}

// The bytes of hand-made varints.
std::string Varints(const std::vector<absl::uint128>& numbers) {
  std::string bytes;
  for (const absl::uint128 number : numbers) {
    AppendVarint128(&bytes, number);
  }
  return bytes;
}

TEST(HistogramCodec, EverySampleComesBack) {
  for (const Sample& sample : Samples()) {
    const Histogram histogram = Of(sample.values);
    const std::string bytes = Encoded(histogram) + "rest";
    absl::string_view in = bytes;
    const absl::StatusOr<Histogram> decoded = Histogram::DecodeFrom(&in);
    ASSERT_TRUE(decoded.ok()) << sample.name;
    EXPECT_EQ(*decoded, histogram) << sample.name;
    EXPECT_EQ(in, "rest");
  }
}

TEST(HistogramCodec, TheWidestNumbersComeBack) {
  Histogram histogram;
  histogram.Add(INT64_MAX, INT64_MAX - 1);
  histogram.Add(0, 1);
  const std::string bytes = Encoded(histogram);
  absl::string_view in = bytes;
  EXPECT_EQ(*Histogram::DecodeFrom(&in), histogram);
}

// FORMAT: these bytes are in stores; a change needs a new schema version.
TEST(HistogramCodec, EncodedBytesNeverChange) {
  EXPECT_EQ(absl::BytesToHexString(Encoded(Histogram())), "00");
  EXPECT_EQ(absl::BytesToHexString(Encoded(Of({0}))), "01000100");
  // 5 twice; 1,000,000 and 1,000,001 in bucket 1780 (= 6 + 1774) from 999,424
  // on; the largest value in bucket 7295 (= 1781 + 5514), 2^55 - 1 over its start.
  EXPECT_EQ(absl::BytesToHexString(Encoded(Of({5, 1'000'001, 5, 1'000'000, INT64_MAX}))),
            "03"
            "050200"
            "ee0d02"
            "8109"
            "8a2b01"
            "ffffffffffffff3f");
}

TEST(HistogramCodec, EveryTruncationIsDataLossAndLeavesTheInputAlone) {
  for (const Sample& sample : Samples()) {
    const std::string bytes = Encoded(Of(sample.values));
    for (size_t size = 0; size < bytes.size(); ++size) {
      const absl::string_view cut = absl::string_view(bytes).substr(0, size);
      absl::string_view in = cut;
      ASSERT_EQ(Histogram::DecodeFrom(&in).status().code(), absl::StatusCode::kDataLoss);
      ASSERT_EQ(in, cut);
    }
  }
}

// Flipped bits give DATA_LOSS or another sound histogram, never a broken one.
TEST(HistogramCodec, RandomDamageNeverMakesABrokenHistogram) {
  std::mt19937_64 random(10);
  for (const Sample& sample : Samples()) {
    const std::string sound = Encoded(Of(sample.values));
    for (int i = 0; i < 500; ++i) {
      std::string bytes = sound;
      for (uint64_t left = 1 + random() % 3; left > 0; --left) {
        char& byte = bytes[random() % bytes.size()];
        byte = static_cast<char>(byte ^ static_cast<char>(1 << random() % 8));
      }
      absl::string_view in = bytes;
      const absl::StatusOr<Histogram> decoded = Histogram::DecodeFrom(&in);
      if (!decoded.ok()) {
        ASSERT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
        continue;
      }
      ASSERT_EQ(Encoded(*decoded), bytes.substr(0, bytes.size() - in.size()));
      ASSERT_GE(decoded->Quantile(1), decoded->Quantile(0));
      Histogram none = *decoded;
      none.Subtract(*decoded);
      ASSERT_EQ(none, Histogram());
    }
  }
}

TEST(HistogramCodec, RandomBytesNeverMakeABrokenHistogram) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 256);
    }
    absl::string_view in = bytes;
    const absl::StatusOr<Histogram> decoded = Histogram::DecodeFrom(&in);
    if (decoded.ok()) {
      ASSERT_EQ(Encoded(*decoded), bytes.substr(0, bytes.size() - in.size()));
    }
  }
}

TEST(HistogramCodec, NumbersThatCannotBeAreDataLoss) {
  constexpr uint64_t kTop = kBucketCount - 1;
  const absl::uint128 too_many = absl::uint128(1) << 63;
  EXPECT_EQ(CodeOf(Varints({1, 256, 1, 1})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(Varints({1, 256, 1, 2})), absl::StatusCode::kDataLoss) << "sum over the bucket";
  EXPECT_EQ(CodeOf(Varints({1, 255, 9, 1})), absl::StatusCode::kDataLoss) << "sum over the bucket";
  EXPECT_EQ(CodeOf(Varints({1, 256, 0, 0})), absl::StatusCode::kDataLoss) << "no values";
  EXPECT_EQ(CodeOf(Varints({1, kTop, 1, 0})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(Varints({1, kTop + 1, 1, 0})), absl::StatusCode::kDataLoss) << "no such bucket";
  EXPECT_EQ(CodeOf(Varints({1, UINT64_MAX, 1, 0})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Varints({2, kTop, 1, 0, 0, 1, 0})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Varints({1, 0, too_many - 1, 0})), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(Varints({1, 0, too_many, 0})), absl::StatusCode::kDataLoss) << "count";
  EXPECT_EQ(CodeOf(Varints({2, 0, too_many - 1, 0, 0, 1, 0})), absl::StatusCode::kDataLoss)
      << "total count";
  EXPECT_EQ(CodeOf(Varints({kBucketCount + 1})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Varints({UINT64_MAX})), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace itemized
