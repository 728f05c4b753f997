#include "client/cpp/outbox.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace itemized::client {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const Shipment> ShipmentOf(uint64_t first_number, size_t bytes = 1) {
  auto shipment = std::make_shared<Shipment>();
  shipment->first_number = first_number;
  shipment->records = 1;
  shipment->bytes = bytes;
  return shipment;
}

class OutboxTest : public ::testing::Test {
 protected:
  // Sequences and first numbers of all that is still to be sent.
  std::vector<std::pair<uint64_t, uint64_t>> SendAll() {
    std::vector<std::pair<uint64_t, uint64_t>> sent;
    while (outbox_.has_unsent()) {
      const Outbox::Parcel parcel = outbox_.TakeUnsent();
      sent.emplace_back(parcel.sequence, parcel.shipment->first_number);
    }
    return sent;
  }

  Outbox outbox_{"an id", 3};
};

using Sent = std::pair<uint64_t, uint64_t>;

TEST_F(OutboxTest, NumbersFromOneAndSendsAgainAfterABreak) {
  outbox_.Push(ShipmentOf(0));
  outbox_.Push(ShipmentOf(5));
  EXPECT_THAT(SendAll(), ElementsAre(Sent(1, 0), Sent(2, 5)));
  EXPECT_EQ(outbox_.Awaited(2), nullptr);
  ASSERT_NE(outbox_.Awaited(1), nullptr);
  EXPECT_TRUE(outbox_.Acknowledge());
  outbox_.Rewind();
  EXPECT_EQ(outbox_.Awaited(2), nullptr) << "not sent over this stream";
  EXPECT_THAT(SendAll(), ElementsAre(Sent(2, 5)));
  EXPECT_EQ(outbox_.producer().acknowledged_sequence, 1u);
}

TEST_F(OutboxTest, WhatTheServerLostIsSentAgainUnderItsOldSequence) {
  for (uint64_t number = 0; number < 3; ++number) {
    outbox_.Push(ShipmentOf(number));
  }
  SendAll();
  outbox_.Acknowledge();
  outbox_.Acknowledge();
  EXPECT_EQ(outbox_.Reconcile(2).lost, 0u);
  EXPECT_EQ(outbox_.Reconcile(3).lost, 0u) << "the last acknowledgement did not arrive";
  const Outbox::Loss loss = outbox_.Reconcile(0);
  EXPECT_EQ(loss.lost, 2u);
  EXPECT_EQ(loss.replayed, 2u);
  EXPECT_THAT(SendAll(), ElementsAre(Sent(1, 0), Sent(2, 1), Sent(3, 2)));
  EXPECT_FALSE(outbox_.Acknowledge()) << "has been counted";
  EXPECT_FALSE(outbox_.Acknowledge());
  EXPECT_TRUE(outbox_.Acknowledge());
}

TEST_F(OutboxTest, AGapBeginsAnotherEpoch) {
  for (uint64_t number = 0; number < 6; ++number) {
    outbox_.Push(ShipmentOf(number));
  }
  SendAll();
  for (int i = 0; i < 5; ++i) {
    outbox_.Acknowledge();
  }
  const Outbox::Loss loss = outbox_.Reconcile(1);
  EXPECT_EQ(loss.lost, 4u);
  EXPECT_EQ(loss.replayed, 3u) << "no more is kept";
  EXPECT_EQ(outbox_.producer().epoch, 2u);
  EXPECT_EQ(outbox_.producer().acknowledged_sequence, 0u);
  EXPECT_THAT(SendAll(), ElementsAre(Sent(1, 2), Sent(2, 3), Sent(3, 4), Sent(4, 5)));
}

TEST_F(OutboxTest, BeginsAnewUnderAnotherId) {
  outbox_.Push(ShipmentOf(0));
  outbox_.Push(ShipmentOf(1));
  SendAll();
  outbox_.Acknowledge();
  outbox_.BeginAnew("another");
  EXPECT_EQ(outbox_.producer().id, "another");
  EXPECT_EQ(outbox_.producer().epoch, 1u);
  EXPECT_THAT(SendAll(), ElementsAre(Sent(1, 1)));
}

}  // namespace
}  // namespace itemized::client
