// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "client/cpp/connection.h"
#include "client/demo/traffic.h"

namespace itemized::demo {

struct StreamReport {
  int64_t calls = 0;
  int64_t completions = 0;
  int64_t accepted = 0;
  int64_t duplicate = 0;
  int64_t refused = 0;
  std::vector<std::string> refusals;  // The first few sentences.
};

struct StreamOptions {
  int batch_events = 1500;
  bool show_progress = false;  // A line on standard error that is overwritten.
};

// Plays `traffic` to the end into the server, in order of delivery. The first
// few batches are small and go one by one, so that the server knows the
// steps' medians before the rest arrives. Errors: those of the connection; what was acknowledged
// stays.
absl::StatusOr<StreamReport> StreamTraffic(std::shared_ptr<client::Connection> connection,
                                           const StreamOptions& options, Traffic* traffic);

}  // namespace itemized::demo
