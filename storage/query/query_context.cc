// SPDX-License-Identifier: Apache-2.0
#include "storage/query/query_context.h"

#include "storage/base/check.h"

namespace itemized {

QueryContext::QueryContext(State* state_to_read) : state(*state_to_read), watched_(*state_to_read) {
  CHECK(watched_.on_fold == nullptr);
  watched_.on_fold = [this](absl::Span<const Block> blocks) {
    for (const Block& block : blocks) {
      trailing.Fold(block, state.catalog);
    }
    new_outliers.Fold(blocks, state.catalog);
  };
}

QueryContext::~QueryContext() {
  watched_.on_fold = nullptr;
}

}  // namespace itemized
