// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/memory_kv.h"

#include <utility>

namespace itemized {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

class MemoryIterator : public KvIterator {
 public:
  MemoryIterator(std::shared_ptr<const Rows> rows, absl::string_view start, absl::string_view end)
      : rows_(std::move(rows)), at_(rows_->lower_bound(start)), end_(end) {}

  bool Valid() const override { return at_ != rows_->end() && (end_.empty() || at_->first < end_); }
  void Next() override { ++at_; }
  absl::string_view key() const override { return at_->first; }
  absl::string_view value() const override { return at_->second; }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  const std::shared_ptr<const Rows> rows_;
  Rows::const_iterator at_;
  const std::string end_;
};

}  // namespace

absl::StatusOr<std::optional<std::string>> MemoryKv::Get(Family family,
                                                         absl::string_view key) const {
  const MutexLock lock(mutex_);
  const std::shared_ptr<Rows>& rows = families_[static_cast<size_t>(family)];
  if (rows == nullptr) {
    return std::nullopt;
  }
  const auto found = rows->find(key);
  return found == rows->end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<KvIterator> MemoryKv::Scan(Family family, absl::string_view start,
                                           absl::string_view end) const {
  const MutexLock lock(mutex_);
  std::shared_ptr<const Rows> rows = families_[static_cast<size_t>(family)];
  if (rows == nullptr) {
    rows = std::make_shared<const Rows>();
  }
  return std::make_unique<MemoryIterator>(std::move(rows), start, end);
}

absl::Status MemoryKv::Write(const KvBatch& batch, bool) {
  const MutexLock lock(mutex_);
  for (const KvBatch::Operation& operation : batch.operations()) {
    std::shared_ptr<Rows>& rows = families_[static_cast<size_t>(operation.family)];
    if (rows == nullptr) {
      rows = std::make_shared<Rows>();
    } else if (rows.use_count() > 1) {
      rows = std::make_shared<Rows>(*rows);
    }
    if (operation.value.has_value()) {
      rows->insert_or_assign(operation.key, *operation.value);
    } else {
      rows->erase(operation.key);
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryKv::CopyTo(const std::string&) {
  return absl::UnimplementedError("A store in memory cannot be copied to a directory.");
}

}  // namespace itemized
