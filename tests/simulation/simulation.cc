// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/simulation.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/simulation/simulated_client.h"
#include "tests/simulation/simulated_server.h"
#include "tests/simulation/world.h"

namespace itemized::testing {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kClients = 3;
constexpr std::chrono::seconds kTrouble(20);  // Then nothing is recorded and nothing fails.
constexpr std::chrono::seconds kPatience(600);
constexpr milliseconds kBetweenRecords(60);  // A client waits for no longer between two records.
constexpr milliseconds kBetweenFaults(1200);
constexpr milliseconds kDownMax(1500);

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options) : world_(options.seed), server_(world_) {
    server_.ForgetOnceIn(options.forget_once_in);
    for (uint64_t number = 0; number < kClients; ++number) {
      clients_.push_back(std::make_unique<SimulatedClient>(world_, server_, number));
    }
  }

  SimulationReport Run() {
    for (auto& client : clients_) {
      RecordSometimes(*client);
    }
    FailSometimes();
    while (world_.Step(World::TimePoint(kPatience)) && !IsSettled()) {
    }
    Judge();
    report_.history = world_.history();
    return report_;
  }

 private:
  bool IsInTrouble() const { return world_.now() < World::TimePoint(kTrouble); }

  bool IsSettled() const {
    return !IsInTrouble() && server_.is_up() &&
           std::all_of(clients_.begin(), clients_.end(),
                       [](const auto& client) { return client->is_settled(); });
  }

  void RecordSometimes(SimulatedClient& client) {
    if (!IsInTrouble()) {
      return;
    }
    client.Record();
    world_.After(world_.Within(kBetweenRecords), [this, &client] { RecordSometimes(client); });
  }

  void FailSometimes() {
    world_.After(world_.Within(kBetweenFaults), [this] {
      if (IsInTrouble()) {
        Fail();
        FailSometimes();
      }
    });
  }

  void Fail() {
    SimulatedClient& client = *clients_[world_.Below(kClients)];
    switch (world_.Below(8)) {
      case 0:
      case 1:
        ++report_.breaks;
        return client.Break();
      case 2:
        ++report_.client_crashes;
        return client.Crash();
      case 3:
        return FillDisk();
      case 4:
      case 5:
        return FailLog();
      default:
        return CrashServer();
    }
  }

  // A writer that is fenced has to be started again.
  void FailLog() {
    if (!server_.is_up()) {
      return;
    }
    ++report_.log_faults;
    constexpr LogFault kFaults[] = {LogFault::kRefused, LogFault::kLost, LogFault::kAppendedUnknown,
                                    LogFault::kFenced};
    const LogFault fault = kFaults[world_.Below(std::size(kFaults))];
    server_.FailNextAppend(fault);
    if (fault == LogFault::kFenced) {
      world_.After(world_.Within(kDownMax), [this] { CrashServer(); });
    }
  }

  void FillDisk() {
    if (server_.is_up()) {
      ++report_.full_disks;
      server_.SetDiskFull(true);
      world_.After(world_.Within(kDownMax), [this, life = server_.life()] {
        if (server_.is_up() && server_.life() == life) {
          server_.SetDiskFull(false);
        }
      });
    }
  }

  void CrashServer() {
    if (!server_.is_up()) {
      return;
    }
    ++report_.server_crashes;
    server_.Crash();
    if (world_.OneIn(4)) {
      server_.Copy();
    } else if (world_.OneIn(4) && server_.Restore()) {
      ++report_.restores;
    }
    for (auto& client : clients_) {
      client->Disconnect();
    }
    world_.After(world_.Within(kDownMax), [this] { server_.Start(); });
  }

  void Expect(bool holds, const std::string& otherwise) {
    if (!holds && report_.problem.empty()) {
      report_.problem = otherwise;
    }
  }

  void Judge() {
    for (const auto& client : clients_) {
      report_.calls += client->recorded_calls();
      report_.lost_batches += client->lost_batches();
    }
    Expect(IsSettled(), "not everything was delivered");
    if (!server_.is_up()) {
      return;
    }
    const absl::Status views = server_.db().VerifyViews();
    Expect(views.ok(), views.ToString());
    TopQuery query;
    query.window = Window::Of({kNowUs - kMicrosPerDay, kNowUs + kMicrosPerDay});
    const absl::StatusOr<TopAnswer> top = server_.db().Top(query);
    Expect(top.ok(), top.status().ToString());
    for (const auto& client : clients_) {
      Compare(*client, *top);
    }
  }

  void Compare(const SimulatedClient& client, const TopAnswer& top) {
    const auto row = std::find_if(top.rows.begin(), top.rows.end(),
                                  [&](const TopRow& r) { return r.key == client.step(); });
    const int64_t calls = row == top.rows.end() ? 0 : row->sums.calls;
    const int64_t tokens = row == top.rows.end() ? 0 : row->sums.usage[UsageClass::kInput];
    world_.Note(static_cast<uint64_t>(tokens));
    Expect(calls == client.recorded_calls() && tokens == client.recorded_tokens(),
           absl::StrCat(client.step(), ": ", client.recorded_calls(), " calls of ",
                        client.recorded_tokens(), " tokens were recorded, and ", calls, " of ",
                        tokens, " are on the bill"));
    Expect(client.Stats().refused == 0, "something was refused");
  }

  World world_;
  SimulatedServer server_;
  std::vector<std::unique_ptr<SimulatedClient>> clients_;
  SimulationReport report_;
};

}  // namespace

SimulationReport Simulate(const SimulationOptions& options) {
  return Simulation(options).Run();
}

}  // namespace itemized::testing
