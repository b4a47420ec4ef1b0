#include "engine/middleware/snippet_program.h"

#include "engine/rules/regex.h"

namespace gateproof::middleware {

using Step = SnippetProgram::Step;

std::string SnippetRun::fill(std::string_view text, const http::Headers* upstream) {
  auto out = http::fill_nginx_variables(
      text, x, http::NginxScope{variables, upstream, snippet_value_bytes_max});
  if (out) return std::move(*out);
  too_long = true;
  return "";
}

std::string SnippetRun::fill(std::string_view text) { return fill(text, nullptr); }
std::string SnippetRun::fill_of_answer(std::string_view text) { return fill(text, &auth_answer); }

void SnippetRun::set(std::string_view name, std::string value) {
  if (!name.starts_with('$')) return;
  std::string& variable = variables[std::string(name.substr(1))];
  bytes_ += value.size();
  bytes_ -= variable.size();
  variable = std::move(value);
  if (bytes_ > snippet_values_bytes_max) too_long = true;
}

namespace {

enum Context : unsigned { in_server = 1, in_location = 2, in_if = 4, in_if_of_location = 8 };

struct Directive {
  std::string_view name;
  unsigned contexts;
};
constexpr unsigned in_blocks = in_server | in_location;

// Where each may stand.
constexpr Directive directives[] = {
    {"add_header", in_blocks | in_if_of_location},
    {"allow", in_blocks | in_if},
    {"auth_request_set", in_blocks},
    {"deny", in_blocks | in_if},
    {"expires", in_blocks | in_if_of_location},
    {"if", in_blocks},
    {"location", in_server},
    {"more_clear_headers", in_blocks | in_if},
    {"more_clear_input_headers", in_blocks | in_if},
    {"more_set_headers", in_blocks | in_if},
    {"more_set_input_headers", in_blocks | in_if},
    {"proxy_hide_header", in_blocks},
    {"proxy_method", in_blocks},
    {"proxy_set_header", in_blocks},
    {"return", in_blocks | in_if},
    {"rewrite", in_blocks | in_if},
    {"set", in_blocks | in_if},
};

constexpr std::string_view context_names[] = {"server", "location", "if", "if_in_location"};

std::span<const std::string_view> known_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out = {"server"};
    for (const Directive& d : directives) out.push_back(d.name);
    return out;
  }();
  return names;
}

// "[server location if_in_location]".
std::string contexts_text(unsigned contexts) {
  std::string out;
  for (size_t i = 0; i < std::size(context_names); ++i) {
    if (contexts & (1u << i)) out += (out.empty() ? "" : " ") + std::string(context_names[i]);
  }
  return "[" + out + "]";
}

}  // namespace

// Makes steps of directives; knows in which block it stands.
class SnippetBuilder {
 public:
  explicit SnippetBuilder(std::string parent, std::string grandparent = "")
      : parent_(std::move(parent)), grandparent_(std::move(grandparent)) {}

  Result<SnippetProgram> block(const std::vector<NginxDirective>& all) const {
    SnippetProgram out;
    for (const NginxDirective& d : all) {
      if (std::optional<Error> wrong = misplaced(d)) return *wrong;
      Result<Step> step = make(d);
      if (!step)
        return Error(step.error().code, "building " + d.name + " action: " + step.error().message);
      out.steps_.push_back(std::move(*step));
    }
    return out;
  }

 private:
  std::optional<Error> misplaced(const NginxDirective& d) const {
    unsigned contexts = 0;
    for (const Directive& known : directives) {
      if (known.name == d.name) contexts = known.contexts;
    }
    unsigned here = parent_ == "server" ? in_server : parent_ == "location" ? in_location : in_if;
    if (parent_ == "if" && grandparent_ == "location") here |= in_if_of_location;
    if (contexts & here) return std::nullopt;
    return Error(Code::invalid, "context " + parent_ + " is not valid for this directive " +
                                    d.name + ": " + contexts_text(contexts) + " ");
  }

  Result<Step> make(const NginxDirective& d) const {
    if (d.name == "set") return set(d);
    if (d.name == "if") return condition(d);
    if (d.name == "location") return location(d);
    if (d.name == "allow" || d.name == "deny") return access(d);
    if (d.name == "return") return snippet_return_step(d);
    if (d.name == "rewrite") return snippet_rewrite_step(d);
    return snippet_field_step(d);
  }

  static Result<Step> set(const NginxDirective& d) {
    if (d.parameters.size() < 2)
      return Error(Code::invalid, "set directive requires 2 parameters (variable and value)");
    return Step([name = d.parameters[0], value = std::string(nginx_unquoted(d.parameters[1]))](
                    SnippetRun& run, http::Request&, SnippetPhases&) {
      run.set(name, run.fill(value));
      return false;
    });
  }

  // The steps of a block of its own, behind a test.
  template <class Test>
  Result<Step> nested(const NginxDirective& d, Test test) const {
    Result<SnippetProgram> inner = SnippetBuilder(d.name, parent_).block(d.block);
    if (!inner)
      return Error(inner.error().code,
                   "building " + d.name + " block actions: " + inner.error().message);
    auto program = std::make_shared<const SnippetProgram>(std::move(*inner));
    return Step([program, test = std::move(test)](SnippetRun& run, http::Request& request,
                                                  SnippetPhases& phases) {
      if (!test(run, request)) return false;
      ++phases.depth;
      const bool ends = program->run(run, request, phases);
      --phases.depth;
      return ends;
    });
  }

  Result<Step> condition(const NginxDirective& d) const {
    if (d.parameters.empty()) return Error(Code::invalid, "if directive requires a condition");
    if (!d.has_block) return Error(Code::invalid, "if directive requires a block");
    Result<SnippetCondition> holds = snippet_condition(d);
    // Faults of the block are told first.
    const auto test = [condition = holds ? *holds : SnippetCondition()](
                          SnippetRun& run, const http::Request&) { return condition(run); };
    Result<Step> step = nested(d, test);
    if (!step || holds) return step;
    return Error(Code::invalid, "building if condition: " + holds.error().message);
  }

  Result<Step> location(const NginxDirective& d) const {
    if (d.parameters.empty() || d.parameters.size() > 2)
      return Error(Code::invalid, d.parameters.empty()
                                      ? "no enough parameter for location"
                                      : "too many arguments for location directive");
    if (!d.has_block) return Error(Code::invalid, "location directive requires a block");
    const std::string pattern = text::join(d.parameters, "");
    const std::string_view p = pattern;
    if (p.starts_with('~')) {
      const bool any_case = p.starts_with("~*");
      const std::string expression =
          (any_case ? "(?i)" : "") + std::string(text::trim(p.substr(any_case ? 2 : 1)));
      auto regex = rules::Regex::compile(expression);
      if (!regex)
        return Error(regex.error().code, "compiling location regex: " + regex.error().message);
      return nested(d, [regex = std::move(*regex)](SnippetRun&, const http::Request& r) {
        return regex.search(r.url.path);
      });
    }
    const bool exact = p.starts_with('=');
    const std::string path(exact ? text::trim(p.substr(1)) : p);
    return nested(d, [exact, path](SnippetRun&, const http::Request& r) {
      return exact ? r.url.path == path : r.url.path.starts_with(path);
    });
  }

  static Result<Step> access(const NginxDirective& d) {
    if (d.parameters.empty())
      return Error(Code::invalid, d.name + " directive requires 1 parameter");
    const std::string address(nginx_unquoted(d.parameters[0]));
    auto rule = std::make_shared<SnippetAccess>();
    rule->allows = d.name == "allow";
    if (address != "all") {
      auto network = IpNetwork::parse(address);
      if (!network && address.find('/') != std::string::npos)
        return Error(Code::invalid,
                     "invalid CIDR in " + d.name + " directive: invalid CIDR address: " + address);
      if (!network)
        return Error(Code::invalid,
                     "invalid IP address in " + d.name + " directive: " + text::quote(address));
      rule->network = *network;
    }
    return Step([rule](SnippetRun&, http::Request&, SnippetPhases& phases) {
      phases.access.push_back(rule.get());
      return false;
    });
  }

  std::string parent_, grandparent_;
};

Result<SnippetProgram> SnippetProgram::build(std::string_view annotation, std::string_view opening,
                                             std::string_view text) {
  const std::string name(annotation);
  auto directives = parse_nginx_block(opening, text, known_names());
  if (!directives)
    return Error(directives.error().code, "parsing " + name + ": " + directives.error().message);
  const std::string parent(opening.substr(0, opening.find_first_of(" {")));
  auto program = SnippetBuilder(parent).block(*directives);
  if (program) return program;
  return Error(program.error().code,
               "building actions from " + name + ": " + program.error().message);
}

bool SnippetProgram::run(SnippetRun& run, http::Request& request, SnippetPhases& phases) const {
  bool ends = false;
  for (const Step& step : steps_) {
    if (run.too_long) return true;
    // What comes behind an answer is run all the same: fields are of a later phase.
    if (step(run, request, phases)) {
      ends = true;
    } else if (!ends && (run.stops_all || run.stops_block)) {
      return false;
    }
  }
  return ends;
}

}  // namespace gateproof::middleware
