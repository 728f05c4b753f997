// SPDX-License-Identifier: Apache-2.0
// The names of a group's events are numbered once their event is accepted, so that refused events
// use up no numbers.

#include <algorithm>

#include "storage/ingest/group_builder.h"
#include "storage/model/limits.h"

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
  call->is_rated = call->schedule->has_prices();
  if (call->is_rated && key[NameKind::kModel] == kOtherNameId &&
      batch.Text(view.NameOf(NameKind::kModel)) != kOtherName &&
      state_.catalog.HasRoomForRatedModel()) {
    call->series = Catalog::kUnknownSeries;  // Its model gets a number all the same.
  }
}

// Whether the series of a call that is numbered does not name its model.
bool GroupBuilder::HasOtherModel(const CheckedBatch& batch, const NamedCall& call) const {
  if (!state_.catalog.may_lose_models()) {
    return false;
  }
  const NameId model = state_.catalog.Series(call.series)[NameKind::kModel];
  return state_.catalog.Name(NameKind::kModel, model) !=
         batch.Text(call.checked->view.NameOf(NameKind::kModel));
}

void GroupBuilder::NumberNames(const CheckedBatch& batch, NamedCall* call) {
  const CallView& view = call->checked->view;
  const WriterLock lock(state_.mutex);
  SeriesKey key;
  for (size_t kind = 0; kind < kNameKindCount; ++kind) {
    if (view.names[kind] != BatchReader::kEmptyName) {
      const auto name_kind = static_cast<NameKind>(kind);
      const absl::string_view name = batch.Text(view.names[kind]);
      key.names[kind] = name_kind == NameKind::kModel && call->is_rated
                            ? state_.catalog.InternRatedModel(name)
                            : state_.catalog.Intern(name_kind, name);
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
                    .outcome = completion.takes_back ? Outcome::kOpen : completion.outcome,
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
