#include "engine/config/render.h"

#include <nlohmann/json.hpp>

namespace gateproof::config {

namespace {

using Json = nlohmann::ordered_json;

// Texts come from files that may hold anything: bytes that are no UTF-8 are replaced.
std::string dump(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string printable(std::string_view line) {
  std::string out(line);
  for (char& c : out) {
    if (c == '\t') c = ' ';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

// Columns a terminal shows for the bytes: UTF-8 continuation bytes take none.
size_t width(std::string_view s) {
  return size_t(std::count_if(
      s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

constexpr size_t shown_bytes_max = 160;  // of a source line; longer ones are cut around the caret

void render_source(const SourceSpan& span, std::string_view full, std::string& out) {
  std::string_view line = full;
  size_t column = std::min<size_t>(span.column, full.size() + 1);
  if (line.size() > shown_bytes_max) {
    const size_t from = column > shown_bytes_max / 2 ? column - shown_bytes_max / 2 : 0;
    line = line.substr(std::min(from, line.size()), shown_bytes_max);
    column -= std::min(from, column ? column - 1 : 0);
  }
  std::string number = std::to_string(span.line);
  if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');
  out += number + " | " + printable(line) + "\n";
  if (!span.column) return;
  const size_t before = std::min(column - 1, line.size());
  const size_t length = std::min<size_t>(std::max<uint32_t>(span.length, 1), line.size() - before);
  out += std::string(number.size(), ' ') + " | " + std::string(width(line.substr(0, before)), ' ') +
         "^";
  const size_t marked = width(line.substr(before, length));
  if (marked > 1) out += std::string(marked - 1, '~');
  out += "\n";
}

}  // namespace

std::string render_text(const Findings& findings, const SourceLines& lines) {
  std::string out;
  for (const Finding& f : findings.list()) {
    const std::string place = f.span.to_string();
    if (!place.empty()) out += place + ": ";
    out += std::string(to_string(f.severity)) + " " + f.code + ": ";
    if (!f.object.empty()) out += f.object + ": ";
    out += f.message + "\n";
    if (f.span.line && lines) {
      if (const auto line = lines(f.span.file_name(), f.span.line))
        render_source(f.span, *line, out);
    }
    if (!f.remedy.empty()) out += "      help: " + f.remedy + "\n";
  }
  return out;
}

std::string render_json(const Findings& findings) {
  Json list = Json::array();
  for (const Finding& f : findings.list()) {
    list.push_back({{"code", f.code},
                    {"severity", to_string(f.severity)},
                    {"file", f.span.file_name()},
                    {"line", f.span.line},
                    {"column", f.span.column},
                    {"object", f.object},
                    {"message", f.message},
                    {"remedy", f.remedy}});
  }
  return dump(Json{{"findings", std::move(list)}});
}

namespace {

// A path as a relative URI reference: SARIF wants no raw blanks and the like.
std::string to_uri(std::string_view path) {
  static const char hex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : path) {
    const auto b = static_cast<unsigned char>(c);
    if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
        std::string_view("-._~/").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', hex[b >> 4], hex[b & 15]};
    }
  }
  return out;
}

Json sarif_location(const SourceSpan& span) {
  Json physical = {{"artifactLocation", {{"uri", to_uri(span.file_name())}}}};
  if (span.line) {
    Json region = {{"startLine", span.line}};
    if (span.column) {
      region["startColumn"] = span.column;
      if (span.length) region["endColumn"] = span.column + span.length;
    }
    physical["region"] = std::move(region);
  }
  return {{"physicalLocation", std::move(physical)}};
}

}  // namespace

std::string render_sarif(const Findings& findings, std::string_view version) {
  Json rules = Json::array();
  std::set<std::string> codes;
  for (const Finding& f : findings.list()) codes.insert(f.code);
  for (const std::string& code : codes) {
    const FindingCode* row = find_code(code);
    Json rule = {{"id", code}};
    if (row) rule["shortDescription"] = {{"text", row->title}};
    rules.push_back(std::move(rule));
  }
  Json results = Json::array();
  for (const Finding& f : findings.list()) {
    std::string message = f.object.empty() ? f.message : f.object + ": " + f.message;
    if (!f.remedy.empty()) message += ". Remedy: " + f.remedy;
    Json result = {
        {"ruleId", f.code}, {"level", to_string(f.severity)}, {"message", {{"text", message}}}};
    if (f.span.known()) result["locations"] = Json::array({sarif_location(f.span)});
    results.push_back(std::move(result));
  }
  Json driver = {{"name", "gateproof"}, {"version", version}, {"rules", std::move(rules)}};
  Json run = {{"tool", {{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  return dump(Json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({std::move(run)})}});
}

}  // namespace gateproof::config
