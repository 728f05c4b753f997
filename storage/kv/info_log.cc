// SPDX-License-Identifier: Apache-2.0
#include "storage/kv/info_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace itemized {
namespace {

constexpr uintmax_t kBytesMax = uintmax_t{16} << 20;

// The warning is off because the formats are RocksDB's own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
std::string Format(const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  std::string text(size < 0 ? 0 : static_cast<size_t>(size), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, arguments);
  return text;
}
#pragma GCC diagnostic pop

class InfoLog : public rocksdb::Logger {
 public:
  explicit InfoLog(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {}
  ~InfoLog() override {
    if (file_ >= 0) {
      close(file_);
    }
  }

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    const std::string line =
        absl::StrCat(absl::FormatTime("%Y/%m/%d-%H:%M:%E6S ", absl::Now(), absl::UTCTimeZone()),
                     gettid(), " ", Format(format, arguments), "\n");
    // A line that finds no room on the disk is lost, which does no harm.
    [[maybe_unused]] const ssize_t written = write(file_, line.data(), line.size());
  }

 private:
  const int file_;  // -1 if the file could not be opened; nothing is written then.
};

}  // namespace

std::shared_ptr<rocksdb::Logger> OpenInfoLog(const std::string& directory) {
  const std::string path = directory + "/LOG";
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (!error && bytes >= kBytesMax) {
    std::filesystem::rename(path, path + ".old", error);
  }
  return std::make_shared<InfoLog>(path);
}

}  // namespace itemized
