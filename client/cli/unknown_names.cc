// SPDX-License-Identifier: Apache-2.0
#include "client/cli/unknown_names.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "client/cli/nearest.h"
#include "client/cli/text.h"
#include "client/rates/model_names.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

bool IsSameProvider(const std::string& a, const std::string& b) {
  const std::string one_name = client::OneProviderName(a);
  return !one_name.empty() && one_name == client::OneProviderName(b);
}

// Whether some call of any time has `name`; true too if the server does not say.
bool IsKnown(pb::GroupBy by, absl::string_view kind, const std::string& name, Session& session) {
  if (name.empty()) {
    return true;
  }
  pb::GetTopRequest request;
  request.set_by(by);
  request.mutable_window()->set_start_unix_us(kTimeMinUs);
  request.mutable_window()->set_end_unix_us(kTimeMaxUs);
  const absl::StatusOr<pb::GetTopResponse> top = session.connection->GetTop(request);
  if (!top.ok()) {
    return true;
  }
  std::vector<std::string> names;
  for (const pb::TopRow& row : top->rows()) {
    names.push_back(row.key());
  }
  const auto is_same = [&](const std::string& known) {
    return known == name || (by == pb::GROUP_BY_PROVIDER && IsSameProvider(known, name));
  };
  if (std::any_of(names.begin(), names.end(), is_same)) {
    return true;
  }
  *session.env.err << Printable(absl::StrCat("itemize: There is no ", kind, " \"", name, "\".",
                                             DidYouMean(name, names)))
                   << "\n";
  return false;
}

}  // namespace

int TellUnknownNames(const pb::CallFilter& filter, Session& session) {
  if (session.json) {
    return kExitDone;
  }
  const bool step = IsKnown(pb::GROUP_BY_STEP, "step", filter.step(), session);
  const bool model = IsKnown(pb::GROUP_BY_MODEL, "model", filter.model(), session);
  const bool workflow = IsKnown(pb::GROUP_BY_WORKFLOW, "workflow", filter.workflow(), session);
  const bool provider = IsKnown(pb::GROUP_BY_PROVIDER, "provider", filter.provider(), session);
  return step && model && workflow && provider ? kExitDone : kExitNotFound;
}

}  // namespace itemized::cli
