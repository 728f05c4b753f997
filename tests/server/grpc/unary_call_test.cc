// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/unary_call.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "itemized/v1/query.grpc.pb.h"
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::HasSubstr;

constexpr char kEndless[] = "endless";  // Nobody but its caller can end this question.

// Answers the key that it is asked for, on the one thread of its pool.
class Service final : public pb::QueryService::CallbackService {
 public:
  explicit Service(CallPool& pool) : pool_(pool) {}

  grpc::ServerUnaryReactor* GetTop(grpc::CallbackServerContext* context,
                                   const pb::GetTopRequest* request,
                                   pb::GetTopResponse* response) override {
    return AnswerOn(pool_, context, request, response,
                    [this](const Principal& /*principal*/, const pb::GetTopRequest& question,
                           const Cancellation* cancellation) -> absl::StatusOr<pb::GetTopResponse> {
                      ++begun_;
                      pb::GetTopResponse answer;
                      answer.add_rows()->set_key(question.attribute_key());
                      absl::Status status;
                      while (question.attribute_key() == kEndless && status.ok()) {
                        std::this_thread::yield();
                        status = cancellation->Check();
                      }
                      if (!status.ok()) {
                        ++given_up_;
                        return status;
                      }
                      return answer;
                    });
  }

  static void Await(const std::atomic<int>& count, int value) {
    while (count < value) {
      std::this_thread::yield();
    }
  }

  std::atomic<int> begun_ = 0;
  std::atomic<int> given_up_ = 0;

 private:
  CallPool& pool_;
};

class UnaryCallTest : public ::testing::Test {
 protected:
  UnaryCallTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = pb::QueryService::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                          grpc::InsecureChannelCredentials()));
  }
  ~UnaryCallTest() override { server_->Shutdown(std::chrono::system_clock::now()); }

  grpc::Status Ask(const std::string& key, grpc::ClientContext* context) {
    pb::GetTopRequest request;
    request.set_attribute_key(key);
    pb::GetTopResponse response;
    return stub_->GetTop(context, request, &response);
  }
  std::future<grpc::Status> AskLater(const std::string& key, grpc::ClientContext* context) {
    return std::async(std::launch::async, [=, this] { return Ask(key, context); });
  }

  WorkerPool workers_{1, 1};
  MemoryBudget memory_{2 * kQuestionBytes};
  CallPool pool_{workers_, memory_};
  Service service_{pool_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<pb::QueryService::Stub> stub_;
};

TEST_F(UnaryCallTest, AQuestionEndsWithItsCaller) {
  grpc::ClientContext context;
  std::future<grpc::Status> asked = AskLater(kEndless, &context);
  Service::Await(service_.begun_, 1);
  context.TryCancel();
  EXPECT_EQ(asked.get().error_code(), grpc::StatusCode::CANCELLED);
  Service::Await(service_.given_up_, 1);
}

TEST_F(UnaryCallTest, AQuestionEndsWithItsDeadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  EXPECT_EQ(Ask(kEndless, &context).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  grpc::ClientContext next;
  EXPECT_TRUE(Ask("a", &next).ok());
}

TEST_F(UnaryCallTest, AQuestionWithoutADeadlineHasThatOfTheServer) {
  CallPool hasty(workers_, memory_, std::chrono::milliseconds(50));
  Service service(hasty);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  stub_ = pb::QueryService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const grpc::Status status = Ask(kEndless, &context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(status.error_message(), HasSubstr("shorter window"));
}

// Those that wait are few, so whoever leaves makes room at once.
TEST_F(UnaryCallTest, AQuestionThatWaitsLeavesWithItsCallerAndIsNeverBegun) {
  grpc::ClientContext contexts[2];
  std::future<grpc::Status> first = AskLater(kEndless, &contexts[0]);
  Service::Await(service_.begun_, 1);
  std::future<grpc::Status> second = AskLater("b", &contexts[1]);
  while (workers_.waiting() == 0) {
    std::this_thread::yield();
  }
  const auto ask_in_vain = [this](const std::string& key) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(20));
    return Ask(key, &context).error_code();
  };
  grpc::StatusCode crowded = grpc::StatusCode::OK;
  do {  // A machine that is busy may not get to it within the deadline.
    crowded = ask_in_vain("c");
  } while (crowded == grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(crowded, grpc::StatusCode::RESOURCE_EXHAUSTED);
  contexts[1].TryCancel();
  EXPECT_EQ(second.get().error_code(), grpc::StatusCode::CANCELLED);
  while (workers_.waiting() > 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(ask_in_vain("d"), grpc::StatusCode::DEADLINE_EXCEEDED);  // It had room to wait.
  contexts[0].TryCancel();
  EXPECT_EQ(first.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(UnaryCallTest, WithoutMemoryAQuestionIsRefusedWithTheFlagThatHelps) {
  auto others = memory_.Take(2 * kQuestionBytes);
  grpc::ClientContext context;
  const grpc::Status status = Ask("a", &context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("--memory-limit"));
  EXPECT_EQ(service_.begun_, 0);
  others.reset();
  grpc::ClientContext next;
  EXPECT_TRUE(Ask("a", &next).ok());
}

}  // namespace
}  // namespace itemized::server
