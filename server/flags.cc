#include "server/flags.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "server/address.h"

namespace itemized::server {
namespace {

constexpr int kWrongUsage = 2;

std::string CheckAddress(const std::string& text) {
  const auto address = ParseAddress(text);
  return address.ok() ? "" : std::string(address.status().message());
}

std::string CheckHttpAddress(const std::string& text) {
  return text.empty() ? "" : CheckAddress(text);
}

}  // namespace

std::variant<Flags, int> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  CLI::App app("itemized turns every model call into a line of an exact bill.", "itemized");
  app.add_option("--data-dir", flags.server.data_dir, "Where the database is")
      ->capture_default_str();
  app.add_option("--grpc-address", flags.server.grpc_address, "HOST:PORT for gRPC; port 0: any")
      ->capture_default_str()
      ->check(CheckAddress);
  app.add_option("--http-address", flags.server.http_address,
                 "HOST:PORT for HTTP; port 0: any; \"\": no HTTP")
      ->capture_default_str()
      ->check(CheckHttpAddress);
  app.add_flag("--verify", flags.verify,
               "Verify the database instead of serving it; exit status 1: it differs");
  app.add_option("--log-level", flags.log_level, "debug, info, warn or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.set_version_flag("--version", std::string("itemized ") + Version());
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted);
  } catch (const CLI::ParseError& mistake) {
    std::cerr << mistake.what() << "\nRun itemized --help for the flags.\n";
    return kWrongUsage;
  }
  return flags;
}

}  // namespace itemized::server
