// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "itemized/v1/ingest.grpc.pb.h"
#include "itemized/v1/query.grpc.pb.h"
#include "itemized/v1/rates.grpc.pb.h"
#include "itemized/v1/server_info.grpc.pb.h"
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "server/server.h"

namespace itemized::server {

// The servers of these tests believe it is now this instant of 2026.
inline constexpr int64_t kNowUs = 1'793'500'000'000'000;

class FixedClock : public Clock {
 public:
  int64_t NowUs() const override { return kNowUs; }
};

// Makes a directory that no other test uses, and removes it with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Starts a server in this process, on free ports and an empty directory.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest();

  ServerOptions Options() const;
  void Start();
  uint16_t http_port() const;

  // Makes a call that is valid and has an event id of its own.
  static itemized::v1::Call CallOf(const std::string& event_id);
  // Sets USD 1 per million input tokens for the model of CallOf.
  void SetRate();
  itemized::v1::GetTopResponse Top();

  FixedClock clock_;
  TemporaryDirectory directory_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<itemized::v1::IngestService::Stub> ingest_;
  std::unique_ptr<itemized::v1::QueryService::Stub> query_;
  std::unique_ptr<itemized::v1::RatesService::Stub> rates_;
  std::unique_ptr<itemized::v1::ServerInfoService::Stub> info_;
};

}  // namespace itemized::server
