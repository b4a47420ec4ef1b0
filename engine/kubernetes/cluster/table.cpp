#include "engine/kubernetes/cluster/table.h"

#include <array>
#include <chrono>

#include "engine/base/text.h"

namespace gateproof::kubernetes::cluster {

namespace {

Json column_definition(std::string_view name, std::string_view type, std::string_view format,
                       std::string_view description, int64_t priority) {
  return json_object({{"name", Json(name)},
                      {"type", Json(type)},
                      {"format", Json(format)},
                      {"description", Json(description)},
                      {"priority", Json(priority)}});
}

Json age_of(const Json& object, int64_t now_s) {
  const auto at = parse_time(object.at("metadata.creationTimestamp").str());
  return Json(at ? age_text(now_s - *at) : "<unknown>");
}

// A CRD's column: dates become ages, as the real server has it.
Json custom_cell(const Json& object, const Json& column, int64_t now_s) {
  Json value = json_path(object, column["jsonPath"].str());
  const std::string_view type = column["type"].str();
  if (value.is_null()) return type == "date" ? Json("<unknown>") : Json();
  if (type == "date") {
    const auto at = parse_time(value.str());
    return Json(at ? age_text(now_s - *at) : "<invalid>");
  }
  if (type == "string" && !value.is_string()) return Json(to_text(value));
  return value;
}

Json row_object(const StoredObject& object, const Shape& shape) {
  switch (shape.include) {
    case Include::none: return {};
    case Include::object: return object.in_version(shape.version);
    case Include::metadata: break;
  }
  return json_object({{"kind", Json("PartialObjectMetadata")},
                      {"apiVersion", Json("meta.k8s.io/v1")},
                      {"metadata", object.body["metadata"]}});
}

// Of events the name is the last thing that anybody asks for.
bool names_first(const Shape& shape) { return shape.type->kind != "Event"; }

const Json* printer_columns(const Shape& shape) {
  const ResourceVersionInfo* info = shape.type->version(shape.version);
  return info && info->printer_columns.size() > 0 ? &info->printer_columns : nullptr;
}

Json definitions_of(const Shape& shape) {
  Json out = Json::array();
  if (names_first(shape)) {
    out.push(
        column_definition("Name", "string", "name", "Name must be unique within a namespace.", 0));
  }
  if (const Json* columns = printer_columns(shape)) {
    for (const Json& c : columns->items()) {
      out.push(column_definition(c["name"].str(), c["type"].str(), c["format"].str(),
                                 c["description"].str(), c["priority"].integer()));
    }
    return out;
  }
  const std::span<const Column> columns = builtin_columns(shape.type->group, shape.type->kind);
  for (const Column& c : columns) {
    out.push(column_definition(c.name, c.type, "", "", c.priority));
  }
  if (columns.empty()) out.push(column_definition("Age", "string", "", "", 0));
  return out;
}

Json cells_of(const StoredObject& object, const Shape& shape) {
  const int64_t now_s = shape.wall_ns / 1'000'000'000;
  Json cells = Json::array();
  if (names_first(shape)) cells.push(Json(object.name));
  if (const Json* columns = printer_columns(shape)) {
    for (const Json& c : columns->items()) cells.push(custom_cell(object.body, c, now_s));
    return cells;
  }
  const std::span<const Column> columns = builtin_columns(shape.type->group, shape.type->kind);
  for (const Column& c : columns) {
    cells.push(c.cell ? c.cell(object.body, now_s) : age_of(object.body, now_s));
  }
  if (columns.empty()) cells.push(age_of(object.body, now_s));
  return cells;
}

}  // namespace

Json table_of(const Shape& shape, std::span<const StoredObject* const> objects) {
  std::vector<Json> rows;
  rows.reserve(objects.size());
  for (const StoredObject* o : objects) {
    Json row = json_object({{"cells", cells_of(*o, shape)}});
    if (shape.include != Include::none) row.set("object", row_object(*o, shape));
    rows.push_back(std::move(row));
  }
  return json_object({{"kind", Json("Table")},
                      {"apiVersion", Json("meta.k8s.io/" + shape.form.version)},
                      {"metadata", Json::object()},
                      {"columnDefinitions", definitions_of(shape)},
                      {"rows", Json::array_of(std::move(rows))}});
}

std::optional<int64_t> parse_time(std::string_view s) {
  // 2006-01-02T15:04:05[.000000]Z
  if (s.size() < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' ||
      s.back() != 'Z') {
    return std::nullopt;
  }
  std::array<int64_t, 6> n{};
  constexpr std::array<std::pair<size_t, size_t>, 6> places = {
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  for (size_t i = 0; i < places.size(); ++i) {
    const auto value = text::parse_int(s.substr(places[i].first, places[i].second));
    if (!value || *value < 0) return std::nullopt;
    n[i] = *value;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(n[0])),
                                         std::chrono::month(static_cast<unsigned>(n[1])),
                                         std::chrono::day(static_cast<unsigned>(n[2])));
  if (!date.ok() || n[3] > 23 || n[4] > 59 || n[5] > 60) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + n[3] * 3600 + n[4] * 60 + n[5];
}

std::string age_text(int64_t s) {
  const auto two = [](int64_t big, char b, int64_t small, char c) {
    std::string out = std::to_string(big) + b;
    if (small > 0) out += std::to_string(small) + c;
    return out;
  };
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 120) return std::to_string(s) + "s";
  const int64_t minutes = s / 60;
  if (minutes < 10) return two(minutes, 'm', s % 60, 's');
  if (minutes < 180) return std::to_string(minutes) + "m";
  const int64_t hours = minutes / 60;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return std::to_string(hours) + "h";
  const int64_t days = hours / 24;
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return std::to_string(days) + "d";
  const int64_t years = days / 365;
  if (days < 365 * 8) return two(years, 'y', days % 365, 'd');
  return std::to_string(years) + "y";
}

}  // namespace gateproof::kubernetes::cluster
