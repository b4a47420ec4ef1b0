// Directives of snippets that change fields, and the method, of requests and answers (catalogue 6.7).
#include "engine/config/schema.h"
#include "engine/http/date.h"
#include "engine/middleware/snippet_program.h"

namespace gateproof::middleware {

using Step = SnippetProgram::Step;
using http::Headers;

namespace {

void put_request_field(Headers& h, const std::string& name, const std::string& value, bool add) {
  // What no request can carry is found where one is sent, by its value.
  const std::string_view sent = http::is_token(name) ? std::string_view(value) : "\n";
  if (add) {
    h.add_canonical(name, sent);
  } else {
    h.set(http::canonical_name(name), sent);
  }
}

// As Go writes it: line breaks are blanks, a name that is none is left out; the length is the server's affair.
void put_answer_field(Headers& h, const std::string& name, const std::string& value, bool add) {
  if (text::iequals(name, "Content-Length") || text::iequals(name, "Transfer-Encoding")) return;
  const std::string line = text::replace_all(text::replace_all(value, "\r", " "), "\n", " ");
  const std::string_view sent = text::trim(line);
  if (!http::is_token(name) || !http::is_field_value(sent)) return;
  if (add) {
    h.add_canonical(name, sent);
  } else {
    h.set(http::canonical_name(name), sent);
  }
}

// "-t 'text/html' -r NAME": flags of the headers-more directives, and what is left.
struct MoreFlags {
  bool statuses = false;           // -s
  std::vector<std::string> types;  // -t
  bool adds = false;               // -a
  bool replaces_only = false;      // -r
  std::vector<std::string> rest;
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view word : text::split(text, ' ')) {
    if (!text::trim(word).empty()) out.emplace_back(text::trim(word));
  }
  return out;
}

Result<MoreFlags> more_flags(const NginxDirective& d, bool of_answer) {
  MoreFlags f;
  for (size_t i = 0; i < d.parameters.size(); ++i) {
    const std::string& p = d.parameters[i];
    const bool more = i + 1 < d.parameters.size();
    if (p == "-s") {
      if (!of_answer)
        return Error(Code::invalid,
                     "parsing " + d.name + " flags: flag -s is not supported for this directive");
      if (more) {
        for (const std::string& w : words_of(nginx_unquoted(d.parameters[++i])))
          f.statuses |= text::parse_int(w).value_or(0) > 0;
      }
    } else if (p == "-t") {
      if (more) {
        for (std::string& w : words_of(nginx_unquoted(d.parameters[++i])))
          f.types.push_back(std::move(w));
      }
    } else if (p == "-a") {
      f.adds = true;
    } else if (p == "-r") {
      f.replaces_only = true;
    } else {
      f.rest.emplace_back(nginx_unquoted(p));
    }
  }
  return f;
}

struct MoreField {
  std::string name, value;
  bool removes = false;
  bool all_of_prefix = false;  // "X-*"
};

// "Name: value"; without a value the field is taken away.
Result<std::vector<MoreField>> fields_to_set(const NginxDirective& d, const MoreFlags& flags) {
  const std::string what = "parsing " + d.name + " directive: " + d.name + " directive ";
  if (flags.rest.empty()) return Error(Code::invalid, what + "must have at least 1 parameter");
  std::vector<MoreField> out;
  for (const std::string& p : flags.rest) {
    if (p.empty()) return Error(Code::invalid, what + "has an empty parameter");
    const size_t colon = p.find(':');
    MoreField f;
    f.name = text::trim(std::string_view(p).substr(0, colon));
    if (f.name.empty()) return Error(Code::invalid, what + "has an empty header name");
    if (colon != std::string::npos) f.value = text::trim(std::string_view(p).substr(colon + 1));
    f.removes = f.value.empty();
    out.push_back(std::move(f));
  }
  return out;
}

Result<std::vector<MoreField>> fields_to_clear(const NginxDirective& d, const MoreFlags& flags) {
  const std::string what = "parsing " + d.name + " directive: " + d.name + " directive ";
  if (flags.rest.empty()) return Error(Code::invalid, what + "must have at least 1 header name");
  std::vector<MoreField> out;
  for (const std::string& p : flags.rest) {
    if (p.empty()) return Error(Code::invalid, what + "has an empty header name");
    MoreField f{p, "", true, p.ends_with('*')};
    if (f.all_of_prefix) f.name.pop_back();
    if (f.name.empty())
      return Error(Code::invalid, what + "has an invalid wildcard pattern " + text::quote(p));
    out.push_back(std::move(f));
  }
  return out;
}

void take_away(Headers& h, const MoreField& f) {
  if (!f.all_of_prefix) {
    h.remove(f.name);
    return;
  }
  h.remove_if([&f](const Headers::Field& field) { return text::istarts_with(field.name, f.name); });
}

bool takes_type_away(const MoreField& f) {
  constexpr std::string_view type = "Content-Type";
  return f.removes &&
         (f.all_of_prefix ? text::istarts_with(type, f.name) : text::iequals(type, f.name));
}

using Put = void (*)(Headers&, const std::string& name, const std::string& value, bool add);

void change(SnippetRun& run, Headers& h, const std::vector<MoreField>& fields,
            const MoreFlags& flags, Put put) {
  for (const MoreField& f : fields) {
    if (f.removes) {
      take_away(h, f);
    } else if (!flags.replaces_only || !h.get(f.name).empty()) {
      put(h, f.name, run.fill(f.value), flags.adds);
    }
  }
}

// Without its parameters ("; charset=...").
bool type_fits(const std::vector<std::string>& types, std::string_view type) {
  if (types.empty()) return true;
  type = text::trim(type.substr(0, type.find(';')));
  return std::any_of(types.begin(), types.end(),
                     [type](const std::string& t) { return text::iequals(t, type); });
}

Step collected(std::vector<const SnippetRequestAction*> SnippetPhases::*phase,
               SnippetRequestAction action) {
  auto kept = std::make_shared<const SnippetRequestAction>(std::move(action));
  return [phase, kept](SnippetRun&, http::Request&, SnippetPhases& phases) {
    (phases.*phase).push_back(kept.get());
    return false;
  };
}

Step collected(SnippetAnswerAction action) {
  auto kept = std::make_shared<const SnippetAnswerAction>(std::move(action));
  return [kept](SnippetRun&, http::Request&, SnippetPhases& phases) {
    phases.answer.push_back(kept.get());
    return false;
  };
}

Step nothing() {
  return [](SnippetRun&, http::Request&, SnippetPhases&) { return false; };
}

Result<Step> more_headers(const NginxDirective& d) {
  const bool of_answer = d.name.find("_input_") == std::string::npos;
  Result<MoreFlags> flags = more_flags(d, of_answer);
  if (!flags) return flags.error();
  auto fields =
      d.name.starts_with("more_set") ? fields_to_set(d, *flags) : fields_to_clear(d, *flags);
  if (!fields) return fields.error();
  if (!of_answer) {
    return collected(&SnippetPhases::input,
                     [flags = *flags, fields = *fields](SnippetRun& run, http::Request& r) {
                       if (type_fits(flags.types, r.headers.get("Content-Type")))
                         change(run, r.headers, fields, flags, put_request_field);
                     });
  }
  // With a filter by status or type nothing ever happens (recorded).
  if (flags->statuses || !flags->types.empty()) return nothing();
  const bool untypes = std::any_of(fields->begin(), fields->end(), takes_type_away);
  return collected([flags = *flags, fields = *fields, untypes](SnippetRun& run, http::Response& r) {
    change(run, r.headers, fields, flags, put_answer_field);
    // Whatever takes the field away lets Traefik's server put its own guess in the place.
    if (untypes) run.x.detect_content_type = true;
  });
}

Result<Step> add_header(const NginxDirective& d) {
  if (d.parameters.size() < 2)
    return Error(Code::invalid,
                 "add_header directive must have at least 2 parameters (header and value)");
  auto field = std::make_shared<SnippetAddedField>();
  field->name = d.parameters[0];
  field->value = nginx_unquoted(d.parameters[1]);
  field->always = d.parameters.size() > 2 && d.parameters[2] == "always";
  return Step([field](SnippetRun&, http::Request&, SnippetPhases& phases) {
    if (phases.depth > phases.added_depth) {
      phases.added.clear();
      phases.added_depth = phases.depth;
    }
    if (phases.depth == phases.added_depth) phases.added.push_back(field.get());
    return false;
  });
}

Result<Step> proxy_set_header(const NginxDirective& d) {
  if (d.parameters.size() < 2)
    return Error(Code::invalid,
                 "proxy_set_header directive requires 2 parameters (header and value)");
  return collected(&SnippetPhases::content, [name = std::string(nginx_unquoted(d.parameters[0])),
                                             value = std::string(nginx_unquoted(d.parameters[1]))](
                                                SnippetRun& run, http::Request& r) {
    const std::string filled = run.fill(value);
    if (filled.empty()) {
      r.headers.remove(name);
    } else {
      put_request_field(r.headers, name, filled, false);
    }
  });
}

Result<Step> proxy_method(const NginxDirective& d) {
  if (d.parameters.size() != 1)
    return Error(Code::invalid, "proxy_method directive must have 1 parameter");
  return collected(&SnippetPhases::content, [method = std::string(nginx_unquoted(d.parameters[0]))](
                                                SnippetRun& run, http::Request& r) {
    r.method = run.fill(method);
    if (r.method.empty()) r.method = "GET";
  });
}

Result<Step> auth_request_set(const NginxDirective& d) {
  if (d.parameters.size() < 2)
    return Error(Code::invalid,
                 "auth_request_set directive requires 2 parameters (variable name and value)");
  return collected(
      &SnippetPhases::content,
      [name = d.parameters[0], value = std::string(nginx_unquoted(d.parameters[1]))](
          SnippetRun& run, http::Request&) { run.set(name, run.fill_of_answer(value)); });
}

// Go's durations, days, months and years; of plain seconds one digit alone (recorded).
std::optional<Duration> expires_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::optional<Duration> d;
  const auto whole = text::parse_int(text);
  if (!whole || *whole == 0) d = config::parse_duration(text);
  constexpr int64_t second = 1'000'000'000, day = 86'400 * second;
  const auto scaled = [](std::optional<int64_t> n, int64_t unit) -> std::optional<Duration> {
    if (!n || *n > INT64_MAX / unit || *n < INT64_MIN / unit) return std::nullopt;
    return Duration(*n * unit);
  };
  if (!d && whole && text.size() == 1) d = scaled(whole, second);
  if (!d && text.size() > 1) {
    const auto n = text::parse_int(text.substr(0, text.size() - 1));
    if (text.back() == 'd') d = scaled(n, day);
    if (text.back() == 'M') d = scaled(n, 30 * day);
    if (text.back() == 'y') d = scaled(n, 365 * day);
  }
  if (d && negative) d = -*d;
  return d;
}

Result<Step> expires(const NginxDirective& d) {
  if (d.parameters.empty()) return Error(Code::invalid, "expires directive requires 1 parameter");
  const std::string value(nginx_unquoted(d.parameters[0]));
  if (value == "off") return nothing();
  const auto fixed = [](const char* date, const char* control) {
    return collected([date, control](SnippetRun&, http::Response& r) {
      r.headers.set("Expires", date);
      r.headers.set("Cache-Control", control);
    });
  };
  if (value == "epoch") return fixed("Thu, 01 Jan 1970 00:00:01 GMT", "no-cache");
  if (value == "max") return fixed("Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000");
  const auto time = expires_time(value);
  if (!time)
    return Error(Code::invalid, "invalid expires value " + text::quote(value) +
                                    ": cannot parse duration " + text::quote(value));
  return collected([time = *time](SnippetRun& run, http::Response& r) {
    const int64_t at = run.x.env->clock.wall_ns() + time.count();
    r.headers.set("Expires", http::http_date(at));
    const int64_t age = time.count() / 1'000'000'000;
    r.headers.set("Cache-Control",
                  time.count() < 0 ? "no-cache" : "max-age=" + std::to_string(age));
  });
}

}  // namespace

Result<Step> snippet_field_step(const NginxDirective& d) {
  if (d.name.starts_with("more_")) return more_headers(d);
  if (d.name == "add_header") return add_header(d);
  if (d.name == "proxy_set_header") return proxy_set_header(d);
  if (d.name == "proxy_method") return proxy_method(d);
  if (d.name == "auth_request_set") return auth_request_set(d);
  if (d.name == "expires") return expires(d);
  if (d.parameters.empty())
    return Error(Code::invalid, "proxy_hide_header directive requires 1 parameter (header name)");
  return nothing();  // (recorded)
}

void add_snippet_field(SnippetRun& run, http::Response& r, const SnippetAddedField& f) {
  put_answer_field(r.headers, f.name, run.fill(f.value), true);
}

}  // namespace gateproof::middleware
