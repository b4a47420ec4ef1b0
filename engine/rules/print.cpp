// A rule's tree as text that parses to the same tree.
#include "engine/rules/lexer.h"
#include "engine/rules/matcher.h"

namespace gateproof::rules {
namespace {

// Back-quotes where they can hold the text as it is; Go's escapes otherwise.
void print_string(std::string_view s, std::string& out) {
  bool raw = true;
  for (size_t i = 0; i < s.size();) {
    const Rune r = decode_rune(s, i);
    raw = raw && r.valid && s[i] != '`' && s[i] != '\r' && s[i] != '\0' && r.code != 0xFEFF;
    i += r.length;
  }
  if (raw) {
    out += '`';
    out += s;
    out += '`';
    return;
  }
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < s.size();) {
    const Rune r = decode_rune(s, i);
    if (s[i] == '"' || s[i] == '\\') {
      out += '\\';
      out += s[i];
    } else if (r.valid && r.code == 0xFEFF) {
      out += "\\ufeff";
    } else if (!r.valid || r.code < 0x20 || r.code == 0x7F) {
      const auto c = static_cast<unsigned char>(s[i]);
      out += "\\x";
      out += hex[c >> 4];
      out += hex[c & 15];
    } else {
      out += s.substr(i, r.length);
    }
    i += r.length;
  }
  out += '"';
}

void print(const RuleNode& n, bool inside_all, std::string& out) {
  if (n.kind == RuleNode::call) {
    if (n.negated) out += '!';
    out += n.written.empty() ? n.name : n.written;
    out += '(';
    for (size_t i = 0; i < n.args.size(); ++i) {
      if (i) out += ", ";
      print_string(n.args[i], out);
    }
    out += ')';
    return;
  }
  const bool all = n.kind == RuleNode::all_of;
  if (inside_all && !all) out += '(';
  for (size_t i = 0; i < n.children.size(); ++i) {
    if (i) out += all ? " && " : " || ";
    print(n.children[i], all, out);
  }
  if (inside_all && !all) out += ')';
}

}  // namespace

std::string print_rule(const RuleNode& node) {
  std::string out;
  print(node, false, out);
  return out;
}

bool same_tree(const RuleNode& a, const RuleNode& b) {
  if (a.kind != b.kind || a.children.size() != b.children.size()) return false;
  if (a.kind == RuleNode::call && (a.negated != b.negated || a.name != b.name || a.args != b.args))
    return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!same_tree(a.children[i], b.children[i])) return false;
  }
  return true;
}

}  // namespace gateproof::rules
