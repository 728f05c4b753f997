// SPDX-License-Identifier: Apache-2.0
// Records calls without pause until it is killed:
//   spool_victim ADDRESS SPOOL_DIRECTORY PROGRESS_FILE
// The file is a 64-bit number of records that Record has accepted, over all processes
// that had it. Without one, it delivers what is in the spool and ends.

#include <fcntl.h>

#include <atomic>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include <sys/mman.h>

#include "client/cpp/tracer.h"
#include "storage/base/check.h"

int main(int argc, char** argv) {
  using itemized::client::Call;
  CHECK(argc == 3 || argc == 4);
  itemized::client::Tracer tracer({.address = argv[1],
                                   .batch_age_max = absl::Milliseconds(5),
                                   .spool_directory = argv[2],
                                   .backoff_max = absl::Milliseconds(100)});
  if (argc == 3) {
    return tracer.Flush(absl::Minutes(1)).ok() ? 0 : 1;
  }
  const int fd = open(argv[3], O_RDWR);
  void* memory = mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  const std::atomic_ref<uint64_t> accepted(*static_cast<uint64_t*>(memory));
  while (true) {
    const uint64_t number = accepted.load();
    tracer.Record(Call{.event_id = absl::StrCat("c-", number),
                       .workflow_id = absl::StrCat("run-", number / 100),
                       .step = std::string(1 + number % 150, 's'),
                       .model = "m",
                       .usage = itemized::client::Usage{.input_tokens = 1000}});
    accepted.store(number + 1);
  }
}
