// Any text as a kubeconfig: it names a server that can be dialled, or says what is wrong; files are asked for as they are named.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/env/testing/fake.h"
#include "engine/providers/kube_access.h"

using namespace gateproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  testing::FakeFiles files;
  files.files["/k/file"] = "content";
  const auto access = providers::read_kubeconfig(text, "/k/config", files);
  if (!access) {
    if (access.error().message.empty()) std::abort();
    return 0;
  }
  const bool whole = !access->host.empty() && access->port != 0 &&
                     access->certificate.empty() == access->key.empty();
  if (!whole) std::abort();
  for (const char c : access->authority + access->base_path) {
    if (static_cast<unsigned char>(c) < 0x20) std::abort();
  }
  return 0;
}
