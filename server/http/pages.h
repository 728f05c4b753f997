// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dashboard: files built by client/dashboard and carried in the binary.

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "server/http/router.h"

namespace itemized::server {

// One file, gzipped; the bytes live for ever.
struct PageFile {
  absl::string_view path;  // "/assets/index-8a7b.js"; "/" is the page itself.
  absl::string_view content_type;
  absl::string_view gzip;
};

// Of this binary; empty if it was built without the dashboard. Generated.
absl::Span<const PageFile> EmbeddedPages();

// Serves `files`: the page at "/" and at every address that it gives to a view, under a
// strict Content-Security-Policy, and the others at their own path, to be kept by
// browsers for ever (their names change with their content). Without a page, a note
// that says how to get it. Clients that do not take gzip get them inflated; all get an
// ETag, and 304 when they name it. The bytes of `files` outlive the router.
void AddPages(absl::Span<const PageFile> files, Router* router);

}  // namespace itemized::server
