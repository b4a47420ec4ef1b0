#include "engine/kubernetes/cluster/wire_fields.h"

#include "engine/base/text.h"

namespace gateproof::kubernetes::cluster {

namespace {

WireField parse_field(std::string_view word) {
  const std::vector<std::string_view> parts = text::split(word, ':');
  WireField f;
  f.name = parts.at(0);
  f.number = static_cast<uint32_t>(text::parse_int(parts.at(1)).value_or(0));
  f.type = parts.at(2);
  for (;; f.type.remove_prefix(1)) {
    if (f.type.front() == '?') {
      f.pointer = true;
    } else if (f.type.front() == '^') {
      f.inlined = true;
    } else if (f.type.front() == '*') {
      f.list = true;
    } else if (f.type.front() == '%') {
      f.map = true;
    } else {
      return f;
    }
  }
}

std::map<std::string_view, WireMessage> parse() {
  std::map<std::string_view, WireMessage> out;
  for (const std::string_view part : {wire_fields_core_a, wire_fields_core_b, wire_fields_groups}) {
    WireMessage* current = nullptr;
    for (const std::string_view line : text::split(part, '\n')) {
      bool first = !line.starts_with(' ');
      for (const std::string_view word : text::split(line, ' ')) {
        if (word.empty()) continue;
        if (std::exchange(first, false)) {
          current = &out[word];
          current->name = word;
        } else if (current) {
          current->fields.push_back(parse_field(word));
        }
      }
    }
  }
  return out;
}

}  // namespace

const std::map<std::string_view, WireMessage>& wire_messages() {
  static const std::map<std::string_view, WireMessage> all = parse();
  return all;
}

const WireMessage* wire_message(std::string_view name) {
  const auto found = wire_messages().find(name);
  return found == wire_messages().end() ? nullptr : &found->second;
}

std::string wire_name(std::string_view group, std::string_view version, std::string_view kind) {
  std::string package(group.substr(0, group.find('.')));
  if (group.empty()) package = "core";
  return package + "." + std::string(version) + "." + std::string(kind);
}

}  // namespace gateproof::kubernetes::cluster
