// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "itemized/v1/query.pb.h"

#include "client/cli/session.h"

namespace itemized::cli {

// Prints the spans that a run came as, as a tree, and what each has to do with its bill. Returns
// the exit status.
int ShowSpans(const std::string& workflow_id, Session& session);

// Prints which span a call was made of, and which others were merged into it. Prints nothing if the
// call came without spans, or the server is too old to know of them; if asking fails, it says why.
void PrintSpansOf(const v1::BilledCall& call, Session& session);

}  // namespace itemized::cli
