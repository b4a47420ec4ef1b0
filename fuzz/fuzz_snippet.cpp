// Any bytes as a snippet of NGINX configuration: an error, or a program that ends, with an answer or a request that can be sent.
// The first byte says which annotation it is.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/env/testing/fake.h"
#include "engine/middleware/snippet_program.h"

using namespace gateproof;
using namespace gateproof::middleware;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

void run(const SnippetProgram& program, std::string_view url) {
  gateproof::testing::FakeWorld world;
  http::Exchange x(world.env);
  x.request.url.path = url;
  x.request.host = "x.test";
  x.request.headers.add("X-A", "b c");
  x.peer = {IpAddress::v4(127, 0, 0, 1), 5000};
  SnippetRun state(x);
  SnippetPhases phases;
  const bool ends = program.run(state, x.request, phases);
  if (!ends) require(x.request.target().starts_with('/'));
  for (const auto* actions : {&phases.input, &phases.content}) {
    for (const SnippetRequestAction* a : *actions) (*a)(state, x.request);
  }
  http::Response r = http::Response::make(200, "ok", "text/plain");
  for (const SnippetAddedField* f : phases.added) add_snippet_field(state, r, *f);
  for (const SnippetAnswerAction* a : phases.answer) (*a)(state, r);
  for (const auto& f : r.headers) require(http::is_token(f.name) && http::is_field_value(f.value));
  require(phases.depth == 0);
  for (const auto& [name, value] : state.variables)
    require(value.size() <= snippet_value_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr std::string_view openings[] = {"server{", "location / {",
                                           "location = /_external-auth {"};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto made = SnippetProgram::build("snippet", openings[data[0] % 3], text);
  if (!made) {
    require(!made.error().message.empty());
    return 0;
  }
  run(*made, "/");
  run(*made, "/a/b c");
  return 0;
}
