// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "client/cpp/spool/spool.h"

namespace itemized::client {

// Reads what a directory holds into the new spool that has opened it. If the last segment ends in
// the middle of a record, that record is cut off. After any other damage the rest of the segment is
// set aside as *.damaged, empty batches stand for those lost, and the producer's epoch is raised. A
// file that has the name of a segment and is none is left alone.
class SpoolRecovery {
 public:
  SpoolRecovery(Spool* spool, std::vector<std::string>* notes) : spool_(*spool), notes_(*notes) {}

  // Errors are those of Spool::Open.
  absl::Status Run();

 private:
  struct Found {
    uint64_t number;
    absl::StatusOr<std::shared_ptr<Segment>> segment;
  };

  absl::StatusOr<std::vector<uint64_t>> ListSegments();
  std::vector<Found> OpenSegments(const std::vector<uint64_t>& numbers);
  absl::Status ReadSegment(Found* found, bool is_last);
  absl::Status Adopt(std::shared_ptr<Segment> segment, bool is_last);
  size_t ReadRecords(const std::shared_ptr<Segment>& segment);
  bool ReadMark(const Segment::Record& record, SpooledBatch* open);
  absl::Status Finish(Segment* segment, size_t end, bool is_last);
  void AddLostBatches(uint64_t first_batch);
  absl::Status Conclude();

  Spool& spool_;
  std::vector<std::string>& notes_;
  bool damaged_ = false;
  bool is_first_ = true;
  bool front_lost_ = false;  // Segments before the first that could be read are lost.
};

}  // namespace itemized::client
