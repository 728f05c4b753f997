// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/grpc_setup.h"

#include <cstddef>
#include <mutex>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

namespace itemized::server {
namespace {

constexpr int kMessageBytesMax = 16 << 20;
constexpr int kStreamsPerConnectionMax = 100;
constexpr int kMetadataBytesMax = 8 << 10;
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kPingIntervalMinMs = 30'000;  // Clients that ping more often are cut off.

}  // namespace

void EnableGrpcPlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

void SetGrpcLimits(int64_t memory_limit, grpc::ServerBuilder& builder) {
  // gRPC keeps as much besides: messages that wait to be read, what is on its way out, and the rest
  // of the pieces that it reads into, which on a busy machine are far from full.
  grpc::ResourceQuota buffers("buffers");
  buffers.Resize(static_cast<size_t>(memory_limit / 2));
  builder.SetResourceQuota(buffers);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  // A small compressed message can become a huge one, so gRPC inflates none. Exporters of
  // OpenTelemetry compress, and TraceService inflates what they send up to a limit; other services
  // take a compressed message for a malformed one.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMinMs);
}

}  // namespace itemized::server
