// SPDX-License-Identifier: Apache-2.0
// A step of the build: reads a price list in the form of genai-prices v2, and writes a C++ file
// that defines kBundledRates (proto/bundled_rates.h).
//
//   bundle-rates INPUT SOURCE OUTPUT
//
// SOURCE says of every rate where it is from.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/strings/escaping.h"

#include "client/rates/import.h"

namespace itemized::client {
namespace {

constexpr size_t kBytesPerLine = 64;

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteSource(absl::string_view bytes, std::ostream& out) {
  out << "// bundle-rates made this.\n#include \"proto/bundled_rates.h\"\n\nnamespace itemized {\n"
      << "extern const absl::string_view kBundledRates(\n";
  for (size_t at = 0; at < bytes.size() || at == 0; at += kBytesPerLine) {
    // Each line is a literal of its own, so that no escape runs into what follows it.
    out << "    \"" << absl::CHexEscape(bytes.substr(at, kBytesPerLine)) << "\"\n";
  }
  out << "    , " << bytes.size() << ");\n}  // namespace itemized\n";
}

int Bundle(const char* input, const char* source, const char* output) {
  v1::SetRatesRequest request;
  if (const std::string json = ReadFile(input); !json.empty()) {
    RateImportOptions options;
    options.format = RateFormat::kGenaiPrices;
    options.source = source;
    const absl::StatusOr<RateImport> import = ParseRateFile(json, options);
    if (!import.ok()) {
      std::cerr << "bundle-rates: " << import.status().message() << "\n";
      return 1;
    }
    request.mutable_rates()->Assign(import->rates.begin(), import->rates.end());
  }
  std::ofstream out(output, std::ios::binary);
  WriteSource(request.SerializeAsString(), out);
  out.close();
  if (!out) {
    std::cerr << "bundle-rates: " << output << " cannot be written.\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace itemized::client

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "Usage: bundle-rates INPUT SOURCE OUTPUT\n";
    return 2;
  }
  return itemized::client::Bundle(argv[1], argv[2], argv[3]);
}
