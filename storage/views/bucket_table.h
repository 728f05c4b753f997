// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace itemized {

// Values by time bucket (an hour or a day), in one piece of memory and by
// rising bucket. Made for being asked again and again for the same one, mostly
// the latest. Not thread-safe.
template <typename T>
class BucketTable {
 public:
  struct Entry {
    uint32_t bucket = 0;
    bool dirty = false;  // Changed since the last checkpoint.
    T value{};
  };
  using Iterator = typename std::vector<Entry>::const_iterator;

  // The entry of `bucket`, made if there is none. Valid until another is made
  // or erased.
  Entry& At(uint32_t bucket) {
    if (last_ < entries_.size() && entries_[last_].bucket == bucket) {
      return entries_[last_];
    }
    auto at = std::lower_bound(entries_.begin(), entries_.end(), bucket, IsBefore);
    if (at == entries_.end() || at->bucket != bucket) {
      at = entries_.insert(at, Entry{.bucket = bucket, .dirty = false, .value = T{}});
    }
    last_ = static_cast<size_t>(at - entries_.begin());
    return *at;
  }

  void Erase(uint32_t bucket) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), bucket, IsBefore);
    if (at != entries_.end() && at->bucket == bucket) {
      entries_.erase(at);
    }
  }

  Iterator begin() const { return entries_.begin(); }
  Iterator end() const { return entries_.end(); }
  // The first entry of `bucket` or later.
  Iterator LowerBound(uint32_t bucket) const {
    return std::lower_bound(entries_.begin(), entries_.end(), bucket, IsBefore);
  }
  bool empty() const { return entries_.empty(); }
  const Entry& back() const { return entries_.back(); }
  void clear() { entries_.clear(); }

 private:
  static bool IsBefore(const Entry& entry, uint32_t bucket) { return entry.bucket < bucket; }

  std::vector<Entry> entries_;
  size_t last_ = 0;  // Where At looks first.
};

// The table of number `id`, made if there is none.
template <typename T>
BucketTable<T>& TableAt(std::vector<BucketTable<T>>* tables, size_t id) {
  if (id >= tables->size()) {
    tables->resize(id + 1);
  }
  return (*tables)[id];
}

// The same; an empty one if there is none.
template <typename T>
const BucketTable<T>& TableAt(const std::vector<BucketTable<T>>& tables, size_t id) {
  static const auto* const kNone = new BucketTable<T>;
  return id < tables.size() ? tables[id] : *kNone;
}

}  // namespace itemized
