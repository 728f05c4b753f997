// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized {

// Strings one behind the other in one piece of memory: thousands of short ones cost a few
// allocations, and appending one is a copy. All together have at most 4 GiB. A plain value.
class StringColumn {
 public:
  StringColumn() = default;
  StringColumn(std::initializer_list<absl::string_view> strings) {
    for (const absl::string_view text : strings) {
      push_back(text);
    }
  }

  size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  // The view is valid until the column changes.
  absl::string_view operator[](size_t i) const {
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return absl::string_view(data_.data() + begin, ends_[i] - begin);
  }
  absl::string_view front() const { return (*this)[0]; }
  absl::string_view back() const { return (*this)[size() - 1]; }

  void push_back(absl::string_view text) {
    data_.append(text.data(), text.size());
    ends_.push_back(static_cast<uint32_t>(data_.size()));
  }
  // Makes the last of `rows` strings `text`, with empty ones before it where there are too few.
  void PutLast(size_t rows, absl::string_view text) {
    ends_.resize(rows - 1, static_cast<uint32_t>(data_.size()));
    push_back(text);
  }
  // Adds empty strings up to `rows`, unless there are none at all.
  void Pad(size_t rows) {
    if (!empty()) {
      ends_.resize(rows, static_cast<uint32_t>(data_.size()));
    }
  }
  // Makes room for `strings` strings that have `bytes` together.
  void reserve(size_t strings, size_t bytes) {
    ends_.reserve(strings);
    data_.reserve(bytes);
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = absl::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const absl::string_view*;
    using reference = absl::string_view;

    Iterator(const StringColumn* column, size_t i) : column_(column), i_(i) {}
    absl::string_view operator*() const { return (*column_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return i_ == other.i_; }

   private:
    const StringColumn* column_;
    size_t i_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  bool operator==(const StringColumn&) const = default;

 private:
  std::string data_;
  std::vector<uint32_t> ends_;  // Where each string ends in `data_`.
};

}  // namespace itemized
