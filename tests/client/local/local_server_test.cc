// SPDX-License-Identifier: Apache-2.0
#include "client/local/local_server.h"

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace itemized::client {
namespace {

namespace fs = std::filesystem;

// Has the temporary files of a test to itself.
class LocalServerTest : public ::testing::Test {
 protected:
  LocalServerTest() {
    std::string path = ::testing::TempDir() + "/local-XXXXXX";
    directory_ = mkdtemp(path.data());
    setenv("TMPDIR", directory_.c_str(), 1);
  }
  ~LocalServerTest() override {
    unsetenv("TMPDIR");
    fs::remove_all(directory_);
  }

  fs::path directory_;
};

pb::WriteRequest OneCall(int64_t time_us) {
  pb::WriteRequest request;
  pb::Call& call = *request.mutable_batch()->add_events()->mutable_call();
  call.set_event_id("c-1");
  call.set_time_unix_us(time_us);
  call.set_workflow_id("run-1");
  call.set_step("planning");
  call.set_provider("anthropic");
  call.set_model("claude-sonnet-4-6");
  call.mutable_usage()->set_input_tokens(1000);
  return request;
}

TEST_F(LocalServerTest, TakesCallsAndAnswersWithTheBundledPrices) {
  const auto server = LocalServer::Start(Clock::System());
  ASSERT_TRUE(server.ok()) << server.status();
  const auto& connection = (*server)->connection();
  const int64_t now_us = Clock::System()->NowUs();
  ASSERT_TRUE(connection->Write(OneCall(now_us - 1)).ok());
  pb::GetTopRequest request;
  request.mutable_window()->set_last_us(kMicrosPerHour);
  const absl::StatusOr<pb::GetTopResponse> top = connection->GetTop(request);
  ASSERT_TRUE(top.ok()) << top.status();
  EXPECT_EQ(top->total().calls(), 1);
  EXPECT_EQ(top->total().cost_usd(), "0.003");  // 1,000 tokens at $3 a million.
}

TEST_F(LocalServerTest, LeavesNothingBehindAndLetsNobodyElseRead) {
  {
    const auto server = LocalServer::Start(Clock::System());
    ASSERT_TRUE(server.ok()) << server.status();
    const fs::directory_iterator found(directory_);
    ASSERT_NE(found, fs::directory_iterator());
    EXPECT_EQ(fs::status(found->path()).permissions(), fs::perms::owner_all);
  }
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(LocalServerTest, TwoOfThemKnowNothingOfEachOther) {
  const auto one = LocalServer::Start(Clock::System());
  const auto other = LocalServer::Start(Clock::System());
  ASSERT_TRUE(one.ok() && other.ok());
  ASSERT_TRUE((*one)->connection()->Write(OneCall(Clock::System()->NowUs())).ok());
  EXPECT_EQ((*one)->connection()->GetServerInfo()->calls(), 1);
  EXPECT_EQ((*other)->connection()->GetServerInfo()->calls(), 0);
}

TEST_F(LocalServerTest, SaysWhereItsStoreCannotBe) {
  setenv("TMPDIR", (directory_ / "missing").c_str(), 1);
  const auto server = LocalServer::Start(Clock::System());
  EXPECT_TRUE(absl::IsUnavailable(server.status())) << server.status();
  EXPECT_NE(server.status().message().find("TMPDIR"), absl::string_view::npos) << server.status();
}

}  // namespace
}  // namespace itemized::client
