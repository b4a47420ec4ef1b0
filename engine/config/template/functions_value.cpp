// Sprig's defaults, kinds, JSON, environment and fail.
#include <cmath>

#include "engine/config/template/format.h"
#include "engine/config/template/functions.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

namespace {

void json_text(std::string_view s, bool html, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (size_t i = 0, n = 1; i < s.size(); i += n) {
    const uint32_t r = rune_at(s, i, &n);
    if (r == '"' || r == '\\') {
      (out += '\\') += char(r);
    } else if (r == '\n' || r == '\r' || r == '\t' || r == '\b' || r == '\f') {
      (out += '\\') += r == '\n' ? 'n' : r == '\r' ? 'r' : r == '\t' ? 't' : r == '\b' ? 'b' : 'f';
    } else if (r == 0xfffd && n == 1) {
      out += "\\ufffd";
    } else if (r < 0x20 || (html && (r == '<' || r == '>' || r == '&')) || r == 0x2028 ||
               r == 0x2029) {
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += hex[r >> shift & 15];
    } else {
      out += s.substr(i, n);
    }
  }
  out += '"';
}

std::string json_number(double d) {
  const double size = std::abs(d);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return format_float(d, 'f', -1);
  std::string s = format_float(d, 'e', -1);
  const size_t n = s.size();  // e-09 is e-9
  if (n > 3 && s[n - 4] == 'e' && s[n - 3] == '-' && s[n - 2] == '0') s.erase(n - 2, 1);
  return s;
}

struct Json {
  bool html, indent;
  Store& store;
  std::string out;

  void line(size_t depth) {
    if (!indent) return;
    out += '\n';
    out.append(2 * depth, ' ');
  }

  void write(const Val& v, size_t depth) {
    if (store.deep(depth) || !store.step()) return;
    const size_t before = out.size();
    switch (v.kind) {
      case Val::none:
      case Val::nil: out += "null"; break;
      case Val::boolean: out += v.i ? "true" : "false"; break;
      case Val::real: out += json_number(v.d); break;
      case Val::text: json_text(v.s, html, out); break;
      case Val::list:
        return all('[', ']', v.l->items, depth, [&](const Val& item) { write(item, depth + 1); });
      case Val::map:
        return all('{', '}', v.m->entries, depth, [&](const auto& entry) {
          json_text(entry.first, html, out);
          out += indent ? ": " : ":";
          write(entry.second, depth + 1);
        });
      default: out += std::to_string(v.i);
    }
    store.charge(out.size() - before);
  }

  void all(char open, char close, const auto& items, size_t depth, auto each) {
    out += open;
    bool first = true;
    for (const auto& item : items) {
      if (!store.spent.empty()) return;
      if (!std::exchange(first, false)) out += ',';
      line(depth + 1);
      each(item);
    }
    if (!items.empty()) line(depth);
    out += close;
  }
};

}  // namespace

std::string to_json(const Val& v, bool html, bool indent, Store& store) {
  Json json{html, indent, store, {}};
  json.write(v, 0);
  return std::move(json.out);
}

namespace {

Val json(Call& c) { return c.store.text(to_json(c[0], true, false, c.store)); }
Val pretty_json(Call& c) { return c.store.text(to_json(c[0], true, true, c.store)); }
Val raw_json(Call& c) { return c.store.text(to_json(c[0], false, false, c.store)); }

Val default_(Call& c) { return c.args.size() > 1 && truth(c[1]) ? c[1] : c[0]; }
Val empty(Call& c) { return Val::boolean_of(!truth(c[0])); }
Val coalesce(Call& c) {
  for (const Val& v : c.args) {
    if (truth(v)) return v;
  }
  return {};
}
Val all(Call& c) {
  for (const Val& v : c.args) {
    if (!truth(v)) return Val::boolean_of(false);
  }
  return Val::boolean_of(true);
}
Val any(Call& c) {
  for (const Val& v : c.args) {
    if (truth(v)) return Val::boolean_of(true);
  }
  return Val::boolean_of(false);
}
Val ternary(Call& c) { return c[2].i ? c[0] : c[1]; }

Val to_string(Call& c) { return c.store.text(to_text(c[0], c.store)); }
Val type_of(Call& c) { return c.store.text(c[0].empty() ? "<nil>" : type_name(c[0])); }
Val kind_of(Call& c) { return c.store.text(std::string(kind_name(c[0]))); }
Val type_is(Call& c) {
  return Val::boolean_of(c.text(0) == (c[1].empty() ? "<nil>" : type_name(c[1])));
}
Val kind_is(Call& c) { return Val::boolean_of(c.text(0) == kind_name(c[1])); }
Val same(Call& c) { return Val::boolean_of(deep_equal(c[0], c[1], c.store)); }

Val fail(Call& c) { return c.fail(std::string(c.text(0))); }

std::string variable(Call& c, std::string_view name) {
  const auto value = c.environment.get(name);
  if (!value && !name.empty()) c.missing.emplace_back(name);
  return value.value_or("");
}
Val env(Call& c) { return c.store.text(variable(c, c.text(0))); }

bool name_byte(char ch) {
  return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
         ch == '_';
}

// os.ExpandEnv: $NAME, ${NAME} and one special character; a brace without name or end is dropped.
Val expandenv(Call& c) {
  const std::string_view s = c.text(0);
  std::string out;
  for (size_t i = 0; i < s.size();) {
    if (s[i] != '$' || i + 1 >= s.size()) {
      out += s[i++];
      continue;
    }
    ++i;
    if (s[i] == '{') {
      const size_t close = s.find('}', i);
      if (close == s.npos || close == i + 1) {
        i += close == s.npos ? 1 : 2;
        continue;
      }
      out += variable(c, s.substr(i + 1, close - i - 1));
      i = close + 1;
      continue;
    }
    if (std::string_view("*#$@!?-0123456789").find(s[i]) != std::string_view::npos) {
      out += variable(c, s.substr(i++, 1));
      continue;
    }
    size_t end = i;
    while (end < s.size() && name_byte(s[end])) ++end;
    if (end == i) {
      out += '$';
    } else {
      out += variable(c, s.substr(i, end - i));
      i = end;
    }
  }
  return c.store.text(std::move(out));
}

constexpr Function functions[] = {
    {"toJson", "a", json},
    {"toPrettyJson", "a", pretty_json},
    {"toRawJson", "a", raw_json},
    {"default", "aa*", default_},
    {"empty", "a", empty},
    {"coalesce", "a*", coalesce},
    {"all", "a*", all},
    {"any", "a*", any},
    {"ternary", "aab", ternary},
    {"toString", "a", to_string},
    {"typeOf", "a", type_of},
    {"kindOf", "a", kind_of},
    {"typeIs", "sa", type_is},
    {"kindIs", "sa", kind_is},
    {"deepEqual", "aa", same},
    {"fail", "s", fail},
    {"env", "s", env},
    {"expandenv", "s", expandenv},
};

}  // namespace

std::span<const Function> value_functions() { return functions; }

}  // namespace gateproof::config::tmpl
