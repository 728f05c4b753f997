// SPDX-License-Identifier: Apache-2.0
#include "server/address.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace itemized::server {
namespace {

using ::testing::HasSubstr;

TEST(Address, ReadsHostAndPort) {
  EXPECT_EQ(ParseAddress("127.0.0.1:4317")->ToString(), "127.0.0.1:4317");
  EXPECT_EQ(ParseAddress("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:0")->ToString(), "[::1]:0");
  EXPECT_EQ(ParseAddress("localhost:80")->port, 80);
}

TEST(Address, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "4317", ":4317", "host", "host:", "host:65536", "host:-1", "::1:80"}) {
    EXPECT_THAT(std::string(ParseAddress(text).status().message()), HasSubstr("is no address"))
        << text;
  }
}

TEST(Address, ResolvesNamesToNumbers) {
  const auto resolved = Resolve({"localhost", 7});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_TRUE(IsLoopback(*resolved)) << resolved->ToString();
  EXPECT_FALSE(IsLoopback({"0.0.0.0", 7}));
  EXPECT_FALSE(IsLoopback({"::", 7}));
}

}  // namespace
}  // namespace itemized::server
