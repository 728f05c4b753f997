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

// How many events the next batch has after `sent` batches. The first few are small, so that the
// server knows the steps' medians before the rest arrives: a median is learned from 30 calls, and
// all calls of a commit are compared with what was known before.
int EventsOfBatch(const StreamOptions& options, uint64_t sent);

// Prints how far `traffic` has come, if that is asked for; `calls` were sent.
void ShowProgress(const StreamOptions& options, const Traffic& traffic, int64_t calls);

// Gives all of `traffic` to `sender->Add`, until that returns an error.
template <typename Sender>
absl::Status PlayTraffic(const StreamOptions& options, Traffic* traffic, Sender* sender) {
  while (!traffic->Done()) {
    for (const Delivery& delivery : traffic->NextHour()) {
      if (absl::Status status = sender->Add(delivery); !status.ok()) {
        return status;
      }
    }
    ShowProgress(options, *traffic, sender->calls());
  }
  return absl::OkStatus();
}

// Plays `traffic` to the end into the server, in order of delivery. The
// small batches go one by one. Errors: those of the connection; what was acknowledged stays.
absl::StatusOr<StreamReport> StreamTraffic(std::shared_ptr<client::Connection> connection,
                                           const StreamOptions& options, Traffic* traffic);

}  // namespace itemized::demo
