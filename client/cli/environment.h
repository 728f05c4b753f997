// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a command sees of the world outside, so that tests can give it another.

#include <atomic>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/time.h"

#include "client/cli/table.h"
#include "storage/base/time.h"

namespace itemized::cli {

// Exit statuses; scripts rely on them.
inline constexpr int kExitDone = 0;
inline constexpr int kExitRefused = 1;        // Some input was refused.
inline constexpr int kExitUsage = 2;          // The command line was wrong.
inline constexpr int kExitFailed = 3;         // The server was not reached, or the request failed.
inline constexpr int kExitNotFound = 4;       // What was named does not exist.
inline constexpr int kExitInterrupted = 130;  // What a shell reports for Ctrl-C.

inline constexpr char kDefaultServer[] = "127.0.0.1:4317";

// Everything pointed to outlives the command.
struct Environment {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  int stdin_fd = 0;
  Canvas canvas;                        // What `out` is drawn on.
  Canvas err_canvas;                    // What `err` is drawn on.
  bool out_is_terminal = false;         // Long tables are cut only there.
  bool err_is_terminal = false;         // Progress is shown only there.
  std::string server = kDefaultServer;  // --server may name another.
  const Clock* clock = nullptr;
  absl::Duration patience = absl::Seconds(30);  // How long an import waits for a lost server.
  // Ctrl-C sets this once `catch_interrupts` was called; until then it ends the process.
  const std::atomic<bool>* interrupted = nullptr;
  void (*catch_interrupts)() = nullptr;
};

// Returns the process's own streams, terminal and variables (COLUMNS, NO_COLOR, ITEMIZED_SERVER).
Environment ProcessEnvironment();

}  // namespace itemized::cli
