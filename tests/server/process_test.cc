// SPDX-License-Identifier: Apache-2.0
// These tests run the daemon as a process, and look at what it prints and how it ends.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Runs the daemon on free ports. It ends with the object at the latest.
class Daemon {
 public:
  explicit Daemon(std::vector<std::string> arguments) {
    int out[2];
    int err[2];
    CHECK(pipe(out) == 0 && pipe(err) == 0);
    pid_ = fork();
    CHECK(pid_ >= 0);
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      dup2(err[1], STDERR_FILENO);
      for (int fd : {out[0], out[1], err[0], err[1]}) {
        close(fd);
      }
      std::vector<char*> argv;
      std::string path = ITEMIZED_PATH;
      argv.push_back(path.data());
      for (std::string& argument : arguments) {
        argv.push_back(argument.data());
      }
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(out[1]);
    close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }

  ~Daemon() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
    close(err_);
  }

  // Returns the next line of standard output, or "" at its end.
  std::string Line() {
    std::string line;
    char byte = 0;
    while (read(out_, &byte, 1) == 1 && byte != '\n') {
      line += byte;
    }
    return line;
  }

  void Signal(int signal) { kill(pid_, signal); }

  // Waits for the end. Returns the exit status, or minus the signal.
  int Wait() {
    char buffer[4096];
    for (ssize_t got = 0; (got = read(err_, buffer, sizeof(buffer))) > 0;) {
      errors_.append(buffer, static_cast<size_t>(got));
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // Returns standard error; Wait has to come before.
  const std::string& errors() const { return errors_; }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string errors_;
};

class Process : public ::testing::Test {
 protected:
  Process() : directory_(testing::TempDir() + "itemized-XXXXXX") {
    CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~Process() override { std::filesystem::remove_all(directory_); }

  std::vector<std::string> Arguments() const {
    return {"--data-dir",     directory_,    "--grpc-address",    "127.0.0.1:0",
            "--http-address", "127.0.0.1:0", "--no-bundled-rates"};
  }

  std::string directory_;
};

TEST_F(Process, SaysWhereItServesAndStopsOnRequest) {
  for (int signal : {SIGTERM, SIGINT}) {
    Daemon daemon(Arguments());
    EXPECT_THAT(daemon.Line(),
                MatchesRegex("itemized [0-9.]+ serving: grpc 127.0.0.1:[1-9][0-9]*, http "
                             "127.0.0.1:[1-9][0-9]*, data " +
                             directory_));
    daemon.Signal(signal);
    EXPECT_EQ(daemon.Wait(), 0) << daemon.errors();
    EXPECT_THAT(daemon.errors(), HasSubstr("Shutting down"));
  }
}

TEST_F(Process, ADirectoryInUseEndsTheSecondOne) {
  Daemon first(Arguments());
  ASSERT_NE(first.Line(), "");
  Daemon second(Arguments());
  EXPECT_EQ(second.Line(), "");
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_THAT(second.errors(), HasSubstr(directory_));
}

TEST_F(Process, AWrongFlagEndsItWithASentence) {
  Daemon daemon({"--no-such-flag"});
  EXPECT_EQ(daemon.Wait(), 2);
  EXPECT_THAT(daemon.errors(), HasSubstr("--no-such-flag"));
}

TEST_F(Process, AnAddressForEverybodyIsWarnedOf) {
  std::vector<std::string> arguments = Arguments();
  arguments[3] = "0.0.0.0:0";
  Daemon daemon(arguments);
  ASSERT_NE(daemon.Line(), "");
  daemon.Signal(SIGTERM);
  EXPECT_EQ(daemon.Wait(), 0);
  EXPECT_THAT(daemon.errors(), HasSubstr("no authentication"));
}

}  // namespace
}  // namespace itemized::server
