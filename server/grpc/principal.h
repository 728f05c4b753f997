// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/server_context.h>

#include "server/api/principal.h"

namespace itemized::server {

// Says who makes a call over gRPC. No other place of this protocol makes a principal.
inline Principal PrincipalOf(const grpc::CallbackServerContext& /*context*/) {
  return Principal::Local();
}

}  // namespace itemized::server
