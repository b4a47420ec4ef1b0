// Any text as any of the kinds of file that a check reads: no crash, the same findings each time, and each with a code of the
// table, a file that was given, and words.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "engine/check/config_set.h"
#include "engine/env/testing/fake.h"

using namespace gateproof;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

// A static file beside the text, so that providers, entry points and redirections take part.
constexpr const char* beside =
    "entryPoints: {web: {address: \":80\"}, websecure: {address: \":443\", http: {tls: {}}}}\n"
    "providers: {file: {filename: text.yml}, kubernetesCRD: {}, kubernetesIngress: {}, "
    "kubernetesGateway: {}}\n";

config::Findings look_at(std::string_view text, const std::string& name, bool with_static) {
  testing::FakeFiles files;
  files.files[name] = std::string(text);
  std::vector<std::string> paths = {name};
  if (with_static) {
    files.files["static.yml"] = beside;
    paths.push_back("static.yml");
  }
  config::Findings found = check::check_config_set(check::load_config_set(paths, files));
  for (const config::Finding& f : found.list()) {
    require(config::find_code(f.code) != nullptr);
    require(f.span.file_name() == name || f.span.file_name() == "static.yml");
    require(!f.message.empty());
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static constexpr const char* names[] = {"text.yml", "text.toml", "text.json", "values.yaml"};
  const std::string name = names[data[0] % 4];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const config::Findings first = look_at(text, name, (data[0] & 4) != 0);
  const config::Findings again = look_at(text, name, (data[0] & 4) != 0);
  require(first.list().size() == again.list().size());
  return 0;
}
