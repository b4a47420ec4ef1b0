// What a snippet of NGINX configuration does, as far as Traefik runs it (catalogue 6.7): set, if, location, rewrite and return at
// once, in their order; the others are collected, and happen where NGINX' phases have them.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "engine/base/address.h"
#include "engine/http/nginx_variables.h"
#include "engine/middleware/nginx_config.h"

namespace gateproof::middleware {

// Of one value with its variables filled in. Traefik has no limit; a variable that is set to itself twice doubles.
inline constexpr size_t snippet_value_bytes_max = 64u << 10;
inline constexpr size_t snippet_values_bytes_max = 1u << 20;  // of all variables of a request

inline constexpr int snippet_bad_status = -1;  // of `return` with a code that no answer has

// One request on its way through its snippets.
struct SnippetRun {
  explicit SnippetRun(http::Exchange& exchange) : x(exchange) {}

  http::Exchange& x;  // variables are of this request, also in auth-snippet
  std::map<std::string, std::string> variables;  // by name, without the dollar
  http::Headers auth_answer;                     // of the authentication server

  int status = 0;  // of the answer; 0 with `ends`: Go's own 200
  std::string body, location;
  bool access_decided = false;
  bool stops_block = false;  // rewrite ... last
  bool stops_all = false;    // rewrite ... break
  bool rewritten = false;    // the request's target is another one
  bool too_long = false;     // a value passed its limit: the answer is 500

  std::string fill(std::string_view text);
  std::string fill_of_answer(
      std::string_view text);  // with $upstream_http_NAME of the authentication server
  // A name with its dollar; what has none can never be asked for.
  void set(std::string_view name, std::string value);

 private:
  std::string fill(std::string_view text, const http::Headers* upstream);
  size_t bytes_ = 0;  // of all variables
};

// Acts on a request: the client's, or in auth-snippet that to the authentication server.
using SnippetRequestAction = std::function<void(SnippetRun&, http::Request&)>;
// Acts on an answer's head.
using SnippetAnswerAction = std::function<void(SnippetRun&, http::Response&)>;

struct SnippetAddedField {
  std::string name, value;
  bool always = false;
};
struct SnippetAccess {
  bool allows = false;
  std::optional<IpNetwork> network;  // nullopt: all
};

// What is collected; pointers into the program.
struct SnippetPhases {
  std::vector<const SnippetRequestAction*> input, content;
  std::vector<const SnippetAccess*> access;
  std::vector<const SnippetAddedField*> added;
  std::vector<const SnippetAnswerAction*> answer;
  size_t depth = 0, added_depth = 0;  // fields of a deeper block take the place of those before
};

class SnippetProgram {
 public:
  // True: the request is answered here.
  using Step = std::function<bool(SnippetRun&, http::Request&, SnippetPhases&)>;

  // `opening` as for parse_nginx_block. The error is Traefik's text, which names the annotation.
  static Result<SnippetProgram> build(std::string_view annotation, std::string_view opening,
                                      std::string_view text);
  // True: the request is answered here, and `run` says how.
  bool run(SnippetRun& run, http::Request& request, SnippetPhases& phases) const;

 private:
  friend class SnippetBuilder;
  std::vector<Step> steps_;
};

// The directives that are collected, but for allow and deny (snippet_fields.cpp).
Result<SnippetProgram::Step> snippet_field_step(const NginxDirective& d);
void add_snippet_field(SnippetRun& run, http::Response& r, const SnippetAddedField& f);
// rewrite and return (snippet_rewrite.cpp).
Result<SnippetProgram::Step> snippet_rewrite_step(const NginxDirective& d);
Result<SnippetProgram::Step> snippet_return_step(const NginxDirective& d);
// Of `if`: whether its block runs.
using SnippetCondition = std::function<bool(SnippetRun&)>;
Result<SnippetCondition> snippet_condition(const NginxDirective& d);

}  // namespace gateproof::middleware
