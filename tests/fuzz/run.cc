// SPDX-License-Identifier: Apache-2.0
// Runs as the views keep them.

#include "storage/runs/run.h"

#include <optional>
#include <string>
#include <vector>

#include "storage/base/check.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

// Three series, of which only the last names a workflow.
Catalog SmallCatalog() {
  Catalog catalog;
  SeriesKey key;
  catalog.Intern(key);
  key[NameKind::kStep] = catalog.Intern(NameKind::kStep, "planning");
  catalog.Intern(key);
  key[NameKind::kWorkflow] = catalog.Intern(NameKind::kWorkflow, "ticket");
  catalog.Intern(key);
  return catalog;
}

const Catalog& TheCatalog() {
  static const Catalog& catalog = *new Catalog(SmallCatalog());
  return catalog;
}

CallRows TwoCalls() {
  CallRows calls;
  calls.run_names = {"run-1"};
  calls.weight = {1, 1};
  calls.time_us = {70, 7};
  calls.series = {1, 2};
  calls.run = {0, 0};
  calls.event_ids = {"call-1", ""};
  calls.duration_us = {21, 0};
  calls.status = {CallStatus::kOk, CallStatus::kError};
  calls.cost_picos = {300, 0};
  calls.flags = {0, kFlagUnpriced};
  return calls;
}

Run SmallRun(const std::vector<std::string>& unused_steps) {
  Run run;
  const CallRows calls = TwoCalls();
  CHECK(run.Apply(RowContents(calls), {0, 1}, {.hour = Hour(0), .sequence = 9}, TheCatalog()));
  run.Apply({.time_us = 5,
             .workflow = NameId(1),
             .outcome = Outcome::kFailed,
             .unused_steps = unused_steps});
  return run;
}

Run KeptRun() {
  Run run = SmallRun({});
  run.KeepCalls();
  return run;
}

void CheckSame(const Run& a, const Run& b) {
  CHECK(a.ledger() == b.ledger() && a.blocks() == b.blocks() && a.completion() == b.completion());
  CHECK(a.is_brief() == b.is_brief() && a.keeps_calls() == b.keeps_calls());
  CHECK(a.calls() == b.calls() && a.unpriced_calls() == b.unpriced_calls());
  CHECK(a.cost() == b.cost() && a.workflow() == b.workflow() && a.AnchorUs() == b.AnchorUs());
}

}  // namespace

std::vector<std::string> Seeds() {
  return {Run().Encode(), SmallRun({}).Encode(), SmallRun({"planning"}).Encode(),
          KeptRun().Encode()};
}

bool Accepts(absl::string_view input) {
  const std::optional<Run> run = Run::Decode(input, TheCatalog());
  if (!run.has_value()) {
    return false;
  }
  const std::optional<Run> again = Run::Decode(run->Encode(), TheCatalog());
  CHECK(again.has_value());
  CheckSame(*run, *again);
  return true;
}

}  // namespace itemized::fuzz
