// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "server/convert/batch_decoder.h"
#include "storage/base/check.h"

namespace itemized::server {

// Returns the bytes of `buffer` in one piece, copied only if they came in several.
inline WireBytes Flatten(const grpc::ByteBuffer& buffer) {
  auto slice = std::make_shared<grpc::Slice>();
  if (!buffer.DumpToSingleSlice(slice.get()).ok()) {
    return {};
  }
  const absl::string_view bytes(reinterpret_cast<const char*>(slice->begin()), slice->size());
  return {bytes, std::move(slice)};
}

template <typename Message>
void Serialize(const Message& message, grpc::ByteBuffer& buffer) {
  bool own_buffer = false;
  CHECK(grpc::SerializationTraits<Message>::Serialize(message, &buffer, &own_buffer).ok());
}

}  // namespace itemized::server
