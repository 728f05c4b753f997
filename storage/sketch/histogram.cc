// SPDX-License-Identifier: Apache-2.0
#include "storage/sketch/histogram.h"

#include <algorithm>
#include <cmath>

#include "storage/base/check.h"
#include "storage/base/money.h"

namespace itemized {
namespace {

// Up to so many cells, the sparse form is searched and shifted about as fast as the dense one is
// indexed.
constexpr size_t kSparseCellsMax = 32;

constexpr size_t kGrowthShare = 4;  // A dense range that is too short grows by a quarter.

// Dense ranges begin and end at multiples of this many buckets, so that they seldom grow.
constexpr int kRangeStep = 64;

void AddChecked(int64_t* total, int64_t amount) {
  CHECK(!__builtin_add_overflow(*total, amount, total));
}

}  // namespace

int64_t QuantileRank(double q, int64_t count) {
  CHECK(q >= 0 && q <= 1);
  CHECK(count > 0);
  if (q == 1) {
    return count;
  }
  constexpr double kRoundingError = 0x1p-50;
  const double product = q * static_cast<double>(count);
  const double rank = std::ceil(product * (1 - kRoundingError));
  if (rank >= static_cast<double>(count)) {
    return count;
  }
  return std::max<int64_t>(static_cast<int64_t>(rank), 1);
}

void Histogram::SetSum(size_t cell, absl::int128 sum) {
  const int64_t low = static_cast<int64_t>(absl::Int128Low64(sum));
  const int64_t high = absl::Int128High64(sum);
  if (sums_high_.empty() && absl::int128(low) != sum) {
    for (const Cell& each : cells_) {
      sums_high_.push_back(each.sum < 0 ? -1 : 0);
    }
  }
  cells_[cell].sum = low;
  if (!sums_high_.empty()) {
    sums_high_[cell] = high;
  }
}

size_t Histogram::SparseCellOf(BucketIndex bucket) {
  const auto found = std::lower_bound(indices_.begin(), indices_.end(), bucket);
  const auto cell = found - indices_.begin();
  if (found == indices_.end() || *found != bucket) {
    indices_.insert(found, bucket);
    cells_.insert(cells_.begin() + cell, Cell{});
    if (!sums_high_.empty()) {
      sums_high_.insert(sums_high_.begin() + cell, 0);
    }
  }
  return static_cast<size_t>(cell);
}

void Histogram::AppendSparse(const HistogramBucket& bucket) {
  indices_.push_back(bucket.index);
  cells_.push_back({.count = bucket.count, .sum = 0});
  if (!sums_high_.empty()) {
    sums_high_.push_back(0);
  }
  SetSum(cells_.size() - 1, bucket.sum);
}

size_t Histogram::CellOf(BucketIndex bucket) {
  if (!dense_ && cells_.size() < kSparseCellsMax) {
    return SparseCellOf(bucket);
  }
  const size_t cell = size_t{bucket} - low_;
  if (dense_ && cell < cells_.size()) {  // The difference wraps around below low_.
    return cell;
  }
  Cover(bucket, bucket);
  return size_t{bucket} - low_;
}

void Histogram::Cover(int low, int high) {
  if (!cells_.empty()) {
    const int first = BucketAt(0);
    const int last = BucketAt(cells_.size() - 1);
    // A histogram that has grown once will grow again: it grows by more than it needs, so that it
    // does so seldom.
    const int more = dense_ ? static_cast<int>(cells_.size() / kGrowthShare) : 0;
    low = low < first ? std::max(low - more, 0) : first;
    high = high > last ? high + more : last;
  }
  low = low / kRangeStep * kRangeStep;
  high = std::min((high / kRangeStep + 1) * kRangeStep, kBucketCount);
  std::vector<Cell> cells(static_cast<size_t>(high - low));
  std::vector<int64_t> sums_high(sums_high_.empty() ? 0 : cells.size());
  for (size_t i = 0; i < cells_.size(); ++i) {
    const size_t to = size_t{BucketAt(i)} - static_cast<size_t>(low);
    cells[to] = cells_[i];
    if (!sums_high.empty()) {
      sums_high[to] = sums_high_[i];
    }
  }
  cells_ = std::move(cells);
  sums_high_ = std::move(sums_high);
  indices_ = {};
  low_ = static_cast<BucketIndex>(low);
  dense_ = true;
}

void Histogram::Reserve(absl::Span<const Histogram* const> others) {
  int low = kBucketCount;
  int high = 0;
  size_t cells = 0;
  const auto is_used = [](const Cell& cell) { return cell.count != 0; };
  for (const Histogram* other : others) {
    const std::vector<Cell>& theirs = other->cells_;
    const auto first = std::find_if(theirs.begin(), theirs.end(), is_used) - theirs.begin();
    const auto end = theirs.rend() - std::find_if(theirs.rbegin(), theirs.rend(), is_used);
    if (first < end) {
      low = std::min<int>(low, other->BucketAt(static_cast<size_t>(first)));
      high = std::max<int>(high, other->BucketAt(static_cast<size_t>(end) - 1));
      cells += static_cast<size_t>(end - first);
    }
  }
  const bool is_covered = dense_ && low >= low_ && high < static_cast<int>(low_ + cells_.size());
  if (cells > kSparseCellsMax && !is_covered) {
    Cover(low, high);
  }
}

void Histogram::CheckCell(size_t cell) const {
  const BucketIndex bucket = BucketAt(cell);
  const absl::int128 count = cells_[cell].count;
  CHECK(count >= 0);
  CHECK(SumAt(cell) >= count * BucketLow(bucket));
  CHECK(SumAt(cell) <= count * BucketHigh(bucket));
}

void Histogram::EraseIfUnused(size_t cell) {
  if (dense_ || cells_[cell].count != 0) {
    return;
  }
  const auto offset = static_cast<std::ptrdiff_t>(cell);
  indices_.erase(indices_.begin() + offset);
  cells_.erase(cells_.begin() + offset);
  if (!sums_high_.empty()) {
    sums_high_.erase(sums_high_.begin() + offset);
  }
}

// Adds to a bucket; `count` and `sum` may be negative if as much was added before.
void Histogram::AddToBucket(BucketIndex bucket, int64_t count, absl::int128 sum) {
  if (bucket == 0) {
    zeros_ += count;
    CHECK(zeros_ >= 0 && sum == 0);
    return;
  }
  const size_t i = CellOf(bucket);
  Cell& cell = cells_[i];
  cell.count += count;
  const int64_t sum_low = static_cast<int64_t>(sum);
  int64_t total = 0;
  if (sums_high_.empty() && absl::int128(sum_low) == sum &&
      !__builtin_add_overflow(cell.sum, sum_low, &total)) {
    cell.sum = total;
  } else {
    SetSum(i, SumAt(i) + sum);
  }
  if (count < 0) {
    CheckCell(i);
    EraseIfUnused(i);
  }
}

void Histogram::Add(int64_t value, int64_t weight) {
  if (weight == 0) {
    return;
  }
  const absl::int128 sum = absl::int128(value) * weight;
  AddChecked(&count_, weight);
  sum_ += sum;
  AddToBucket(BucketOf(value), weight, sum);
}

void Histogram::AddEach(absl::Span<const int64_t> values, absl::Span<const int8_t> weights,
                        absl::Span<const uint32_t> places) {
  int64_t count = 0;
  absl::int128 sum = 0;
  for (const uint32_t place : places) {
    const int64_t value = values[place];
    const size_t i = size_t{BucketOf(value)} - low_;
    const int weight = weights[place];
    int64_t total = 0;
    const bool is_usual = dense_ && i < cells_.size() && value != 0 &&
                          (weight == 1 || weight == -1) && sums_high_.empty() &&
                          !__builtin_add_overflow(cells_[i].sum, weight * value, &total);
    if (!is_usual) {
      Add(value, weight);
      continue;
    }
    cells_[i] = {.count = cells_[i].count + weight, .sum = total};
    if (weight < 0) {
      CheckCell(i);
    }
    count += weight;
    sum += weight * value;
  }
  AddChecked(&count_, count);
  sum_ += sum;
}

// Adds the cells of `other` to this histogram, whose dense form covers them: place(i) is the cell
// here of cell i there. `sum_` must be that of both already.
template <typename Place>
void Histogram::MergeDense(const Histogram& other, Place place) {
  const size_t count = other.cells_.size();
  Cell* const to = cells_.data();
  const Cell* const from = other.cells_.data();
  // No sum is negative, so if the sum of all fits into 64 bits, each does.
  if (sums_high_.empty() && sum_ <= INT64_MAX) {
    for (size_t i = 0; i < count; ++i) {
      to[place(i)].count += from[i].count;
      to[place(i)].sum += from[i].sum;
    }
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    to[place(i)].count += from[i].count;
    SetSum(place(i), SumAt(place(i)) + other.SumAt(i));
  }
}

void Histogram::Merge(const Histogram& other) {
  if (&other == this) {
    return Merge(Histogram(other));
  }
  if (cells_.empty() && zeros_ == 0) {
    *this = other;
    return;
  }
  AddChecked(&count_, other.count_);
  sum_ += other.sum_;
  if (!other.cells_.empty() && cells_.size() + other.cells_.size() > kSparseCellsMax) {
    const int low = other.BucketAt(0);
    const int high = other.BucketAt(other.cells_.size() - 1);
    if (!dense_ || low < low_ || high >= static_cast<int>(low_ + cells_.size())) {
      Cover(low, high);
    }
  }
  if (!dense_) {
    other.ForEachBucket([&](const HistogramBucket& bucket) {
      AddToBucket(bucket.index, bucket.count, bucket.sum);
    });
    return;
  }
  zeros_ += other.zeros_;
  if (other.dense_) {
    MergeDense(other, [first = size_t{other.low_} - low_](size_t i) { return first + i; });
  } else {
    MergeDense(other, [this, &other](size_t i) { return size_t{other.indices_[i]} - low_; });
  }
}

// Subtracts in the usual case, without branches; in any other case does nothing and returns false.
bool Histogram::SubtractDense(const Histogram& other) {
  const bool is_covered = other.cells_.empty() ||
                          (other.BucketAt(0) >= low_ && other.BucketAt(other.cells_.size() - 1) <
                                                            static_cast<int>(low_ + cells_.size()));
  if (!dense_ || !is_covered || !sums_high_.empty() || !other.sums_high_.empty()) {
    return false;
  }
  bool is_good = zeros_ >= other.zeros_;
  zeros_ -= other.zeros_;
  for (size_t i = 0; i < other.cells_.size(); ++i) {
    Cell& cell = cells_[size_t{other.BucketAt(i)} - low_];
    cell.count -= other.cells_[i].count;
    cell.sum -= other.cells_[i].sum;
    is_good &= cell.count >= 0 && cell.sum >= 0 && (cell.count != 0 || cell.sum == 0);
  }
  CHECK(is_good);
  return true;
}

void Histogram::Subtract(const Histogram& other) {
  if (&other == this) {
    *this = Histogram();
    return;
  }
  AddChecked(&count_, -other.count_);
  sum_ -= other.sum_;
  if (SubtractDense(other)) {
    return;
  }
  other.ForEachBucket([&](const HistogramBucket& bucket) {
    AddToBucket(bucket.index, -bucket.count, -bucket.sum);
  });
}

int64_t Histogram::Quantile(double q) const {
  if (count_ == 0) {
    return 0;
  }
  int64_t left = QuantileRank(q, count_) - zeros_;
  if (left <= 0) {
    return 0;
  }
  size_t cell = 0;
  while (left > cells_[cell].count) {
    left -= cells_[cell++].count;
    CHECK(cell < cells_.size());
  }
  return static_cast<int64_t>(DivideRounded(SumAt(cell), cells_[cell].count));
}

std::vector<HistogramBucket> Histogram::Buckets() const {
  std::vector<HistogramBucket> buckets;
  ForEachBucket([&](const HistogramBucket& bucket) { buckets.push_back(bucket); });
  return buckets;
}

void Histogram::Compact() {
  if (!dense_) {
    return;
  }
  const auto is_used = [](const Cell& cell) { return cell.count != 0; };
  Histogram sparse;
  const auto used = static_cast<size_t>(std::count_if(cells_.begin(), cells_.end(), is_used));
  sparse.indices_.reserve(used);
  sparse.cells_.reserve(used);
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (is_used(cells_[i])) {
      sparse.AppendSparse({.index = BucketAt(i), .count = cells_[i].count, .sum = SumAt(i)});
    }
  }
  sparse.zeros_ = zeros_;
  sparse.count_ = count_;
  sparse.sum_ = sum_;
  *this = std::move(sparse);
}

}  // namespace itemized
