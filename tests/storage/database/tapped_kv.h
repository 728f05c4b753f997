// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "storage/kv/kv.h"

namespace itemized::testing {

// Calls `read` for every block of the log that is read, and `write` with all that is written.
struct Tap {
  std::function<void()> read = [] {};
  std::function<void(const KvBatch&)> write = [](const KvBatch&) {};
};

class TappedIterator final : public KvIterator {
 public:
  TappedIterator(std::unique_ptr<KvIterator> inner, const Tap& tap)
      : inner_(std::move(inner)), tap_(tap) {}

  bool Valid() const override { return inner_->Valid(); }
  void Next() override { inner_->Next(); }
  absl::string_view key() const override { return inner_->key(); }
  absl::string_view value() const override {
    tap_.read();
    return inner_->value();
  }
  absl::Status status() const override { return inner_->status(); }

 private:
  const std::unique_ptr<KvIterator> inner_;
  const Tap& tap_;
};

// A store that tells when its log is read and what is written. The tap outlives it.
class TappedKv final : public Kv {
 public:
  TappedKv(std::unique_ptr<Kv> inner, const Tap& tap) : inner_(std::move(inner)), tap_(tap) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 absl::string_view key) const override {
    if (family == Family::kLog) {
      tap_.read();
    }
    return inner_->Get(family, key);
  }
  std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                   absl::string_view end) const override {
    std::unique_ptr<KvIterator> found = inner_->Scan(family, start, end);
    if (family != Family::kLog) {
      return found;
    }
    return std::make_unique<TappedIterator>(std::move(found), tap_);
  }
  absl::Status Write(const KvBatch& batch, bool sync) override {
    tap_.write(batch);
    return inner_->Write(batch, sync);
  }
  absl::Status WriteTables(const KvBatch& batch) override { return inner_->WriteTables(batch); }
  absl::Status DropFiles(Family family, absl::string_view start, absl::string_view end) override {
    return inner_->DropFiles(family, start, end);
  }
  absl::Status VerifyChecksums() const override { return inner_->VerifyChecksums(); }
  absl::StatusOr<int64_t> FreeBytes() const override { return inner_->FreeBytes(); }
  absl::Status CopyTo(const std::string& directory) override { return inner_->CopyTo(directory); }

 private:
  const std::unique_ptr<Kv> inner_;
  const Tap& tap_;
};

}  // namespace itemized::testing
