#include "tests/server/raw_call.h"

#include <chrono>

#include <grpcpp/generic/generic_stub.h>

namespace itemized::server {
namespace {

// Waits for the one operation that was started; false if it failed.
bool Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

}  // namespace

std::string RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& request) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  grpc::GenericStub stub(channel);
  auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  if (!Await(queue)) {
    return "";
  }
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
  grpc::ByteBuffer response;
  if (!Await(queue)) {
    return "";
  }
  call->Read(&response, nullptr);
  if (!Await(queue)) {
    return "";
  }
  grpc::Slice bytes;
  if (!response.DumpToSingleSlice(&bytes).ok()) {
    return "";
  }
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

}  // namespace itemized::server
