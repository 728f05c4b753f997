// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"

#include "storage/catalog/catalog.h"

namespace itemized {

// A map from time bucket (an Hour or a Day) to a value, sorted by bucket. It is made for being
// asked again and again for the same bucket, mostly the latest; buckets may be made in any order.
// Not thread-safe.
template <typename Bucket, typename T>
class BucketTable {
 public:
  struct Entry {
    Bucket bucket{};
    bool dirty = false;  // Whether it has changed since the last checkpoint.
    T value{};
  };

 private:
  // Entries are allocated one by one, so that nodes of the tree are small and few are passed on the
  // way from one entry to the next. The tree searches a node faster for plain integers.
  using Entries = absl::btree_map<uint32_t, std::unique_ptr<Entry>>;

 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = const Entry*;
    using reference = const Entry&;

    Iterator() = default;
    reference operator*() const { return *at_->second; }
    pointer operator->() const { return at_->second.get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator& operator--() {
      --at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    friend class BucketTable;
    explicit Iterator(typename Entries::const_iterator at) : at_(at) {}

    typename Entries::const_iterator at_;
  };

  BucketTable() = default;
  BucketTable(BucketTable&& other) noexcept : entries_(std::move(other.entries_)) { other.clear(); }
  BucketTable& operator=(BucketTable&& other) noexcept {
    entries_ = std::move(other.entries_);
    last_ = nullptr;
    other.clear();
    return *this;
  }

  // Returns the entry of `bucket`, and makes it if there is none. Valid until another is made or
  // erased.
  Entry& At(Bucket bucket) {
    if (last_ == nullptr || last_->bucket != bucket) {
      std::unique_ptr<Entry>& entry = entries_[bucket.value()];
      if (entry == nullptr) {
        entry = std::make_unique<Entry>();
        entry->bucket = bucket;
      }
      last_ = entry.get();
    }
    return *last_;
  }

  void Erase(Bucket bucket) {
    entries_.erase(bucket.value());
    last_ = nullptr;
  }

  void EraseBefore(Bucket bucket) {
    entries_.erase(entries_.begin(), entries_.lower_bound(bucket.value()));
    last_ = nullptr;
  }

  Iterator begin() const { return Iterator(entries_.begin()); }
  Iterator end() const { return Iterator(entries_.end()); }
  // Returns the first entry whose bucket is `bucket` or later.
  Iterator LowerBound(Bucket bucket) const {
    return Iterator(entries_.lower_bound(bucket.value()));
  }
  bool empty() const { return entries_.empty(); }
  const Entry& back() const { return *entries_.rbegin()->second; }
  void clear() {
    entries_.clear();
    last_ = nullptr;
  }

 private:
  Entries entries_;
  Entry* last_ = nullptr;  // The entry where At looks first; null after any other change.
};

// Returns the table of `name`, and makes it if there is none.
template <typename Bucket, typename T>
BucketTable<Bucket, T>& TableAt(std::vector<BucketTable<Bucket, T>>* tables, NameId name) {
  if (name.value() >= tables->size()) {
    tables->resize(name.value() + 1);
  }
  return (*tables)[name.value()];
}

// Returns the table of `name`, or an empty one if there is none.
template <typename Bucket, typename T>
const BucketTable<Bucket, T>& TableAt(const std::vector<BucketTable<Bucket, T>>& tables,
                                      NameId name) {
  static const auto* const kNone = new BucketTable<Bucket, T>;
  return name.value() < tables.size() ? tables[name.value()] : *kNone;
}

}  // namespace itemized
