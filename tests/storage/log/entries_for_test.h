// SPDX-License-Identifier: Apache-2.0
#pragma once

// Entries that say something of everything.

#include <string>
#include <utility>

#include "storage/log/entry.h"
#include "tests/storage/catalog/series_key_for_test.h"

namespace itemized {

inline CheckedRatePtr RateForTest(const std::string& model) {
  Rate rate;
  rate.match = ModelMatch::Equals(model);
  rate.prices[0] = 3;
  return CheckedRate::Make(std::move(rate)).value();
}

inline Block EmptyBlock(BlockRef ref) {
  Block block;
  block.ref = ref;
  return block;
}

inline Entry FullEntry() {
  Entry entry;
  entry.catalog.id_key = HashKey{1, 2};
  entry.catalog.names = {{NameKind::kStep, NameId(2), "planning"},
                         {NameKind::kModel, NameId(2), "sonnet"}};
  entry.catalog.first_series = SeriesId(7);
  entry.catalog.series = {KeyOf(2, 0, 0, 2), KeyOf(2, 1, 0, 2)};
  entry.forgotten_producers = {ProducerId{9}};
  entry.producers = {
      {.id = {1}, .epoch = 3, .last_sequence = 8, .last_seen_us = -5, .contents = {11, 12}}};
  entry.rates_set = {RateForTest("sonnet")};
  entry.rates_removed = {"key"};
  entry.repricing = RepricingMark{.from_us = 0, .unpriced_from_us = std::nullopt};
  entry.repricing->unpriced_from_us = 1;
  RepricingJob& job = entry.job.emplace();
  job.id = 5;
  job.kind = JobKind::kUndo;
  job.undoes = 4;
  job.request.model = "m";
  job.begun_at_us = 3;
  job.calls = 2;
  job.cost_before = 7;
  job.cost_after = -1;
  entry.recorded_us = 5'368'709'120'005;
  entry.events_first_hour = EventsFirstHour{.hour = Hour(48), .is_dropping = true};
  entry.runs_dropped = {"old"};
  entry.runs_kept = {"long", ""};
  entry.views_first_hour = Hour(24);
  entry.notes = {{"key", "value", 5}, {std::string("\0k", 2), "", 0}};
  entry.notes_dropped = {"old"};
  entry.blocks.push_back(EmptyBlock({.hour = Hour(50), .sequence = 300}));
  entry.blocks.push_back(EmptyBlock({.hour = Hour(49), .sequence = 301}));
  return entry;
}

}  // namespace itemized
