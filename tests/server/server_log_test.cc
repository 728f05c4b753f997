// SPDX-License-Identifier: Apache-2.0
// An operator reads in the log of clients that are refused and of a clock that is wrong.

#include <string>

#include <gmock/gmock.h>

#include "tests/server/captured_log.h"
#include "tests/server/server_fixture.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kId[] = "sixteen bytes id";

class ServerLog : public ServerTest {
 protected:
  ServerLog() { server_.reset(); }

  static pb::Hello HelloOf(const std::string& producer_id, uint64_t epoch) {
    pb::Hello hello;
    hello.set_producer_id(producer_id);
    hello.set_epoch(epoch);
    return hello;
  }

  // Says how a stream ends that begins with `hello` and says no more.
  grpc::Status Greet(const pb::Hello& hello) {
    grpc::ClientContext context;
    const auto stream = ingest_->Ingest(&context);
    pb::IngestRequest request;
    *request.mutable_hello() = hello;
    stream->Write(request);
    stream->WritesDone();
    pb::IngestResponse response;
    while (stream->Read(&response)) {
    }
    return stream->Finish();
  }

  // Returns what a new server on the same store logs of three streams that begin so.
  std::vector<std::string> ToldOf(const pb::Hello& hello) {
    const CapturedLog log;
    Start();
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(Greet(hello).ok());
    }
    server_.reset();
    return log.Lines("Senders were refused");
  }
};

// A client that is refused tries again at once, and a thousand of them would fill the disk.
TEST_F(ServerLog, TellsOfTheFirstSenderThatIsRefusedAndNotOfEachThatFollows) {
  Start();
  pb::IngestRequest batch;
  batch.set_sequence(1);
  *batch.mutable_batch()->add_events()->mutable_call() = CallOf("");
  {
    grpc::ClientContext context;
    const auto stream = ingest_->Ingest(&context);
    pb::IngestRequest request;
    *request.mutable_hello() = HelloOf(kId, 2);
    stream->Write(request);
    stream->Write(batch);  // Only a producer with a batch is remembered.
    stream->WritesDone();
    pb::IngestResponse response;
    while (stream->Read(&response)) {
    }
    ASSERT_TRUE(stream->Finish().ok());
  }
  server_.reset();
  const std::string first = "Senders were refused, 1 since this was told last; now one at ";
  EXPECT_THAT(ToldOf(HelloOf("short", 1)),
              ElementsAre(AllOf(HasSubstr(first), HasSubstr("127.0.0.1"), HasSubstr("send 16"))));
  EXPECT_THAT(ToldOf(HelloOf(kId, 1)),
              ElementsAre(AllOf(HasSubstr(first), HasSubstr("gone on to epoch 2"))));
  EXPECT_THAT(ToldOf(HelloOf(kId, 0)), ElementsAre(HasSubstr("epoch is missing")));
}

TEST_F(ServerLog, TellsOfAProducerThatHasSeenMoreAcknowledgedThanThereIs) {
  const CapturedLog log;
  Start();
  pb::Hello hello = HelloOf(kId, 1);
  EXPECT_TRUE(Greet(hello).ok());
  EXPECT_THAT(log.Lines("Acknowledged data may be lost"), IsEmpty());
  hello.set_acknowledged_sequence(17);
  EXPECT_TRUE(Greet(hello).ok());
  server_.reset();
  EXPECT_THAT(log.Lines("Acknowledged data may be lost"),
              ElementsAre(HasSubstr("has seen batch 17 acknowledged, and the newest one stored is "
                                    "0.")));
}

class ClockTenYearsAhead : public Clock {
 public:
  int64_t NowUs() const override { return kNowUs + 3'653 * kMicrosPerDay; }
};

TEST_F(ServerLog, TellsOfAClockThatIsFarAheadUnlessItIsAccepted) {
  const ClockTenYearsAhead wrong;
  ServerOptions options = Options();
  options.clock = &wrong;
  const auto told = [&] {
    const CapturedLog log;
    EXPECT_TRUE(Server::Start(options).ok());
    return log.Lines("The clock of this machine says 2036-");
  };
  EXPECT_THAT(told(), ElementsAre(HasSubstr("--accept-clock")));
  options.accept_clock = true;
  EXPECT_THAT(told(), IsEmpty());
}

}  // namespace
}  // namespace itemized::server
