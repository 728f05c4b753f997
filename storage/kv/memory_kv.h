// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "storage/base/mutex.h"
#include "storage/kv/kv.h"

namespace itemized {

// A store in memory, for a second store that is made to be compared with the first, and for tests.
// Thread-safe. Nothing fails but CopyTo, which is UNIMPLEMENTED; DropFiles finds no files to drop.
class MemoryKv : public Kv {
 public:
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 absl::string_view key) const override;
  std::unique_ptr<KvIterator> Scan(Family family, absl::string_view start,
                                   absl::string_view end) const override;
  absl::Status Write(const KvBatch& batch, bool sync) override;
  absl::Status WriteTables(const KvBatch& batch) override { return Write(batch, /*sync=*/true); }
  absl::Status DropFiles(Family, absl::string_view, absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status VerifyChecksums() const override { return absl::OkStatus(); }
  absl::StatusOr<int64_t> FreeBytes() const override { return INT64_MAX; }
  absl::Status CopyTo(const std::string& directory) override;

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;

  mutable Mutex mutex_;
  // An iterator shares the rows it began with. A Write copies rows that are shared, then changes
  // the copy.
  std::array<std::shared_ptr<Rows>, kFamilyCount> families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized
