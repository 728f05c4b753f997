// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "grpcpp/support/byte_buffer.h"
#include "itemized/v1/ingest.pb.h"

#include "bench/load/workload.h"

namespace itemized::bench {

enum class Form { kColumns, kRows };

// Serialises batches of one producer. Event ids are made as the client
// library makes them: 16 hexadecimal digits of the process, "-", a number; with an
// empty prefix there are none. Not thread-safe.
class Encoder {
 public:
  Encoder(Form form, std::string id_prefix) : form_(form), id_prefix_(std::move(id_prefix)) {}

  grpc::ByteBuffer Encode(const WorkloadBatch& batch, uint64_t sequence);

 private:
  void AddColumns(const WorkloadBatch& batch, v1::CallColumns* columns);
  void AddRow(const WorkloadCall& call, v1::Call* row);
  std::string NextEventId();

  const Form form_;
  const std::string id_prefix_;
  uint64_t next_id_ = 1;
  v1::IngestRequest request_;
};

}  // namespace itemized::bench
