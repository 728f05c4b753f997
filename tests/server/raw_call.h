#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

namespace itemized::server {

// Sends the bytes of one message to a method of a service whose messages we
// have no code for, and returns the bytes of the first answer; "" if none came
// within a minute.
std::string RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& request);

}  // namespace itemized::server
