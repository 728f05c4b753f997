// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/spool/read_batch.h"

#include <optional>

#include "absl/strings/str_cat.h"

#include "client/cpp/spool/record_codec.h"

namespace itemized::client {

namespace {

// False for a record that is not a call or completion, or not a good one.
bool ReadRecord(const Segment::Record& record, Chunk* chunk) {
  if (record.type == RecordType::kCall) {
    return ParseRecord(record.payload, &chunk->calls.emplace_back()) ||
           (chunk->calls.pop_back(), false);
  }
  if (record.type == RecordType::kCompletion) {
    return ParseRecord(record.payload, &chunk->completions.emplace_back()) ||
           (chunk->completions.pop_back(), false);
  }
  return false;
}

}  // namespace

absl::Status ReadBatch(const SpooledBatch& batch, Chunk* chunk) {
  size_t read = 0;
  for (size_t offset = batch.begin; offset < batch.end;) {
    const std::optional<Segment::Record> record = batch.segment->At(offset);
    if (!record.has_value()) {
      break;
    }
    read += static_cast<size_t>(ReadRecord(*record, chunk));
    offset = record->end;
  }
  return read == batch.records ? absl::OkStatus()
                               : absl::DataLossError(absl::StrCat(
                                     batch.records - read, " records in ", batch.segment->path(),
                                     " were damaged after they were written."));
}

}  // namespace itemized::client
