// SPDX-License-Identifier: Apache-2.0
// What libFuzzer calls. Seeds are written into the corpus before it is read.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

namespace fs = std::filesystem;

// Where libFuzzer keeps the inputs it finds: the first argument that is a
// folder. There is none when single inputs are run again.
fs::path CorpusOf(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') {
      return fs::is_directory(argv[i]) ? fs::path(argv[i]) : fs::path();
    }
  }
  return {};
}

void WriteSeeds(const fs::path& corpus) {
  int number = 0;
  for (const std::string& seed : Seeds()) {
    CHECK(Accepts(seed));  // A seed that is refused would let the search begin at the door.
    std::ofstream file(corpus / absl::StrCat("seed-", number++), std::ios::binary);
    file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    CHECK(file.good());
  }
}

}  // namespace
}  // namespace itemized::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const auto corpus = itemized::fuzz::CorpusOf(*argc, *argv);
  if (!corpus.empty()) {
    itemized::fuzz::WriteSeeds(corpus);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  itemized::fuzz::Accepts({reinterpret_cast<const char*>(data), size});
  return 0;
}
