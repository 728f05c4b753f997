// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/admin_service.h"

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "tests/storage/database/database_fixture.h"

namespace itemized::server {
namespace {

namespace fs = std::filesystem;
namespace pb = itemized::v1;
using ::testing::HasSubstr;

class AdminServiceTest : public testing::DatabaseTest {
 protected:
  // Says how a backup named `name` ends, of a server that may make them or may not.
  grpc::Status BackUp(const std::string& name, bool may_back_up) {
    AdminService service(db(), pool_, {.root = root_.path(), .is_allowed = may_back_up});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    const auto stub = pb::AdminService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
    pb::BackupRequest request;
    request.set_directory(name);
    pb::BackupResponse response;
    grpc::ClientContext context;
    return stub->Backup(&context, request, &response);
  }

  testing::TemporaryDirectory root_;
  WorkerPool workers_{1, 1};
  MemoryBudget memory_{int64_t{1} << 30};
  CallPool pool_{workers_, memory_};
};

TEST_F(AdminServiceTest, MakesNoBackupsForOtherMachines) {
  const grpc::Status refused = BackUp("monday", /*may_back_up=*/false);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), HasSubstr("127.0.0.1"));
  EXPECT_TRUE(fs::is_empty(root_.path()));
  EXPECT_TRUE(BackUp("monday", /*may_back_up=*/true).ok());
  EXPECT_TRUE(fs::is_directory(root_.path() + "/monday"));
}

TEST_F(AdminServiceTest, WritesNowhereButBelowItsDirectory) {
  for (const std::string& name : {std::string("../monday"), root_.path() + "/monday"}) {
    const grpc::Status refused = BackUp(name, /*may_back_up=*/true);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(refused.error_message(), HasSubstr("--backup-dir"));
  }
  EXPECT_TRUE(fs::is_empty(root_.path()));
}

}  // namespace
}  // namespace itemized::server
