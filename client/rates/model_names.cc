// SPDX-License-Identifier: Apache-2.0
#include "client/rates/model_names.h"

#include "storage/pricing/name_forms.h"
#include "storage/pricing/provider_names.h"

namespace itemized::client {

std::string OneProviderName(absl::string_view provider) {
  return CanonicalProvider(provider);
}

std::string MakerOfModel(absl::string_view model) {
  for (const NameForm& form : FormsOf("", model)) {
    if (!form.provider.empty()) {
      return form.provider;
    }
  }
  return "";
}

std::string BareModelName(absl::string_view provider, absl::string_view model) {
  std::string bare(model);
  for (const NameForm& form : FormsOf(provider, model)) {
    if (form.model.size() <= bare.size()) {  // Lower case comes last and is as long.
      bare = form.model;
    }
  }
  return bare;
}

}  // namespace itemized::client
