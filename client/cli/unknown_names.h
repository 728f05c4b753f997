// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/cli/session.h"

namespace itemized::cli {

// Says on standard error which of the names in `filter` no stored call has, and which names are
// near them, which is why an answer has nothing in it. Returns kExitNotFound if there is such a
// name. Returns kExitDone if there is none, if the server cannot say, and with --json, where the
// counts of zero are the answer.
int TellUnknownNames(const pb::CallFilter& filter, Session& session);

}  // namespace itemized::cli
