// SPDX-License-Identifier: Apache-2.0
// The names of a group's events are numbered once their event is accepted, so that refused events
// use up no numbers.

#include <algorithm>

#include "storage/ingest/group_builder.h"

namespace itemized {

void GroupBuilder::FindNames(const CheckedBatch& batch, NamedCall* call) {
  const CallView& view = call->checked->view;
  SeriesKey key;
  bool is_known = true;
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    const uint32_t name = view.names[kind];
    if (name == BatchReader::kEmptyName) {
      continue;
    }
    NameId& id = name_ids_[kind][name];
    if (id == Catalog::kUnknown) {
      id = state_.catalog.Resolve(static_cast<NameKind>(kind), batch.Text(name));
    }
    key.names[kind] = id;
    is_known = is_known && id != Catalog::kUnknown;
  }
  call->step = key[NameKind::kStep];
  call->series = is_known ? state_.catalog.Resolve(key) : Catalog::kUnknownSeries;
  call->schedule = &pricer_.RatesFor(
      key[NameKind::kProvider], key[NameKind::kModel], batch.Text(view.NameOf(NameKind::kProvider)),
      batch.Text(view.NameOf(NameKind::kModel)), batch.ServedOf(view, pricer_.contracts()));
}

void GroupBuilder::NumberNames(const CheckedBatch& batch, NamedCall* call) {
  const CallView& view = call->checked->view;
  const WriterLock lock(state_.mutex);
  SeriesKey key;
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    if (view.names[kind] != BatchReader::kEmptyName) {
      key.names[kind] =
          state_.catalog.Intern(static_cast<NameKind>(kind), batch.Text(view.names[kind]));
      name_ids_[kind][view.names[kind]] = key.names[kind];
    }
  }
  call->step = key[NameKind::kStep];
  call->series = state_.catalog.Intern(key);
}

// The workflow is the only name of a completion that is numbered, and that once it is accepted. An
// unused step that is not known yet may come with a later call, or never.
RunCompletion GroupBuilder::RowOf(const Completion& completion) const {
  RunCompletion row{.time_us = completion.time_us,
                    .workflow = state_.catalog.Resolve(NameKind::kWorkflow, completion.workflow),
                    .outcome = completion.outcome,
                    .unused_steps = completion.unused_steps};
  for (std::string& step : row.unused_steps) {
    const NameId id = state_.catalog.Resolve(NameKind::kStep, step);
    if (id != Catalog::kUnknown) {
      step = state_.catalog.Name(NameKind::kStep, id);  // Steps beyond the limit share one name.
    }
  }
  std::sort(row.unused_steps.begin(), row.unused_steps.end());
  row.unused_steps.erase(std::unique(row.unused_steps.begin(), row.unused_steps.end()),
                         row.unused_steps.end());
  return row;
}

}  // namespace itemized
