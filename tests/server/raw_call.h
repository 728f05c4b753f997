// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace itemized::server {

// Calls a method of a service whose messages we have no code for. It sends
// the bytes of one message, and is cancelled with the object, or after a minute.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
          const std::string& request);
  ~RawCall();

  // Returns the bytes of the next answer, or "" if none comes any more.
  std::string Read();

 private:
  bool Await();

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

}  // namespace itemized::server
