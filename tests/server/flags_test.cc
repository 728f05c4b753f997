#include "server/flags.h"

#include <vector>

#include <gtest/gtest.h>

namespace itemized::server {
namespace {

std::variant<Flags, int> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "itemized");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Flags, DefaultToTheStandardPortsOnThisMachine) {
  const auto flags = std::get<Flags>(Parse({}));
  EXPECT_EQ(flags.server.data_dir, "./itemized-data");
  EXPECT_EQ(flags.server.grpc_address, "127.0.0.1:4317");
  EXPECT_EQ(flags.server.http_address, "127.0.0.1:4318");
}

TEST(Flags, SayWhereTheServerIs) {
  const auto flags =
      std::get<Flags>(Parse({"--data-dir", "d", "--grpc-address=[::1]:0", "--http-address", ""}));
  EXPECT_EQ(flags.server.data_dir, "d");
  EXPECT_EQ(flags.server.grpc_address, "[::1]:0");
  EXPECT_EQ(flags.server.http_address, "");
}

TEST(Flags, MistakesAreWrongUsage) {
  EXPECT_EQ(std::get<int>(Parse({"--no-such-flag"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--grpc-address", "4317"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--log-level", "loud"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"--data-dir"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"left over"})), 2);
}

TEST(Flags, HelpAndVersionNeedNoServer) {
  EXPECT_EQ(std::get<int>(Parse({"--help"})), 0);
  EXPECT_EQ(std::get<int>(Parse({"--version"})), 0);
}

}  // namespace
}  // namespace itemized::server
