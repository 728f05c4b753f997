// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <grpcpp/server_builder.h>

namespace itemized::server {

// Lets servers that are built from now on answer for their health and tell of their methods.
void EnableGrpcPlugins();

// Says what clients may take of the server that `builder` makes.
void SetGrpcLimits(int64_t memory_limit, grpc::ServerBuilder& builder);

}  // namespace itemized::server
