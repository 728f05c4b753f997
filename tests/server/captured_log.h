// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

namespace itemized::server {

// Keeps what is logged in its lifetime. Whatever logs begins after it and ends before it.
class CapturedLog {
 public:
  CapturedLog() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("captured", sink_)); }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  // Returns the lines that contain `words`, in their order.
  std::vector<std::string> Lines(const std::string& words) const {
    std::vector<std::string> lines;
    for (const std::string& line : sink_->Lines()) {
      if (absl::StrContains(line, words)) {
        lines.push_back(line);
      }
    }
    return lines;
  }

 private:
  class Sink final : public spdlog::sinks::base_sink<std::mutex> {
   public:
    std::vector<std::string> Lines() {
      const std::lock_guard<std::mutex> lock(mutex_);
      return lines_;
    }

   private:
    void sink_it_(const spdlog::details::log_msg& message) override {
      lines_.emplace_back(message.payload.data(), message.payload.size());
    }
    void flush_() override {}

    std::vector<std::string> lines_;
  };

  const std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

}  // namespace itemized::server
