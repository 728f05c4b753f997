// SPDX-License-Identifier: Apache-2.0
#include "client/cli/rates_progress.h"

#include "absl/strings/str_cat.h"

#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {

void ShowRepricing(const std::function<bool()>& is_done, Session& session) {
  std::ostream& err = *session.env.err;
  bool drawn = false;
  while (!is_done()) {
    if (!session.env.err_is_terminal) {
      continue;
    }
    const absl::StatusOr<pb::GetServerInfoResponse> info = session.connection->GetServerInfo();
    if (info.ok() && info->has_repricing()) {
      const pb::Repricing& repricing = info->repricing();
      const std::string line =
          absl::StrCat("repricing ", RepricingText(repricing), "  ", Count(repricing.done()),
                       " of ", Count(repricing.calls()), " calls");
      err << "\r" << ShortenMiddle(line, session.env.err_canvas.width - 1) << "\x1b[K"
          << std::flush;
      drawn = true;
    }
  }
  if (drawn) {
    err << "\r\x1b[K" << std::flush;
  }
}

}  // namespace itemized::cli
