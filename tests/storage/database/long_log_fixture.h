// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

#include "storage/kv/rocks_kv.h"
#include "tests/storage/database/database_fixture.h"
#include "tests/storage/database/tapped_kv.h"

namespace itemized::testing {

// A database whose log has a block for each of the last hours, each with an outlier of the run
// "run-long", and a tap that tells when one is read.
class LongLogTest : public DatabaseTest {
 protected:
  explicit LongLogTest(int hours) : hours_(hours) {}

  void SetUp() override {
    DatabaseTest::SetUp();
    Reopen(OptionsWithTap());
    SetSonnetRate();
    // Enough cheap ones for a median by which those below are outliers.
    std::vector<Call> cheap;
    for (int i = 0; i < 3 * hours_; ++i) {
      cheap.push_back(MakeCall(absl::StrCat("c-", i), "run-cheap", "planning", 1'000));
      cheap.back().time_us = kNowUs - 10 * kMicrosPerDay;
    }
    Store(cheap);
    for (int hour = 0; hour < hours_; ++hour) {
      Call call = MakeCall(absl::StrCat("e-", hour), "run-long", "planning", 1'000'000);
      call.time_us = kNowUs - (hours_ - hour) * kMicrosPerHour + kMinuteUs;
      call.attributes.emplace_back("tenant", "acme");
      Store({call});
    }
  }
  void TearDown() override {
    tap_.read = [] {};
    DatabaseTest::TearDown();
  }

  DatabaseOptions OptionsWithTap() {
    DatabaseOptions options = Options();
    options.open_kv = [this](const std::string& path) -> absl::StatusOr<std::unique_ptr<Kv>> {
      auto kv = OpenRocksKv(path);
      return kv.ok() ? std::make_unique<TappedKv>(*std::move(kv), tap_)
                     : absl::StatusOr<std::unique_ptr<Kv>>(kv.status());
    };
    return options;
  }

  const int hours_;
  Tap tap_;
};

}  // namespace itemized::testing
