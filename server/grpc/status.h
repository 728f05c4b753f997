// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"
#include <grpcpp/support/status.h>

namespace itemized::server {

// Keeps the sentence and the code. What went wrong inside, such as damaged files, becomes
// UNAVAILABLE: clients take INTERNAL and UNKNOWN for a reason to give up and
// drop what they wanted to send.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace itemized::server
