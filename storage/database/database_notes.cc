// SPDX-License-Identifier: Apache-2.0
// The part of Database that is about notes, and about outliers as they come.

#include <utility>

#include "storage/database/database.h"
#include "storage/database/database_impl.h"

namespace itemized {

absl::Status Database::WriteNotes(std::vector<Note> notes, std::vector<std::string> dropped) {
  return impl_->RunThere([&](State& state) {
    Entry entry;
    entry.notes = std::move(notes);
    entry.notes_dropped = std::move(dropped);
    const absl::Status status = state.Commit(&entry, StagedRuns(&state.views.runs(), &state.mutex));
    return status.ok() ? status : absl::UnavailableError(status.message());
  });
}

void Database::ListenToOutliers(OutlierListener* listener) {
  impl_->new_outliers().Listen(listener);
}

}  // namespace itemized
