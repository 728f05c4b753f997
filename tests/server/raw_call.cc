// SPDX-License-Identifier: Apache-2.0
#include "tests/server/raw_call.h"

#include <chrono>

namespace itemized::server {

RawCall::RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::string& request)
    : stub_(channel) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  call_ = stub_.PrepareCall(&context_, method, &queue_);
  call_->StartCall(nullptr);
  Await();
  const grpc::Slice slice(request);
  call_->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
  Await();
}

RawCall::~RawCall() {
  context_.TryCancel();
  grpc::Status status;
  call_->Finish(&status, nullptr);
  Await();
}

std::string RawCall::Read() {
  grpc::ByteBuffer response;
  grpc::Slice bytes;
  call_->Read(&response, nullptr);
  if (!Await() || !response.DumpToSingleSlice(&bytes).ok()) {
    return "";
  }
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

// Waits for the one operation that was started. Returns false if it failed.
bool RawCall::Await() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

}  // namespace itemized::server
