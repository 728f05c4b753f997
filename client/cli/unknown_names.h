// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/cli/session.h"

namespace itemized::cli {

// Says on standard error which of the names in `filter` no stored call has, with the
// nearest ones: why an answer has nothing in it. Returns kExitNotFound if there is one,
// else kExitDone; also if the server
// cannot say, and with --json, where the counts of zero are the answer.
int TellUnknownNames(const pb::CallFilter& filter, Session& session);

}  // namespace itemized::cli
