// SPDX-License-Identifier: Apache-2.0
#pragma once

// A spool directory of a test, and spools in it that hold calls.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "client/cpp/spool/read_batch.h"
#include "client/cpp/spool/record_codec.h"
#include "client/cpp/spool/spool.h"
#include "storage/base/check.h"

namespace itemized::client {

// Removed at the end.
class SpoolDirectory {
 public:
  SpoolDirectory() {
    std::string name = testing::TempDir() + "/spool-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  ~SpoolDirectory() { std::filesystem::remove_all(root_); }

  // Does not exist at first.
  std::string path() const { return root_ + "/spool"; }

  // Segment files by name.
  std::vector<std::string> Segments() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      if (entry.path().extension() == kSegmentSuffix) {
        files.push_back(entry.path().string());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  std::string root_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::string CallBytes(const std::string& event_id) {
  std::string bytes;
  AppendRecord(Call{.event_id = event_id,
                    .workflow_id = "run",
                    .step = "plan",
                    .model = "claude",
                    .usage = Usage{.input_tokens = 8400, .output_tokens = 620}},
               &bytes);
  return bytes;
}

// The event ids of a batch.
inline std::vector<std::string> IdsOf(const SpooledBatch& batch) {
  Chunk chunk;
  EXPECT_TRUE(ReadBatch(batch, &chunk).ok());
  std::vector<std::string> ids;
  for (const Call& call : chunk.calls) {
    ids.push_back(call.event_id);
  }
  return ids;
}

// The ids in each batch that is not acknowledged.
inline std::vector<std::vector<std::string>> Unacknowledged(const Spool& spool) {
  std::vector<std::vector<std::string>> batches;
  for (uint64_t number = spool.acknowledged() + 1; number <= spool.newest(); ++number) {
    batches.push_back(IdsOf(spool.batch(number)));
  }
  return batches;
}

}  // namespace itemized::client
