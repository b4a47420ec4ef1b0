#include "engine/kubernetes/gateway/merge_status.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

namespace gateproof::kubernetes::gateway {

using nlohmann::json;

namespace {

// Types that resolve() writes; one that is there and not in the update has ended.
constexpr std::string_view our_conditions[] = {
    "Accepted",         "Programmed",
    "ResolvedRefs",     "Conflicted",
    "SupportedVersion", "OverlappingTLSConfig",
    "PartiallyInvalid", "InsecureFrontendValidationMode"};
// Members of a status that are ours alone.
constexpr std::string_view our_members[] = {
    "addresses",         "listeners",      "attachedListenerSets",
    "supportedFeatures", "supportedKinds", "attachedRoutes"};

template <class List>
bool contains(const List& list, std::string_view name) {
  for (std::string_view n : list) {
    if (n == name) return true;
  }
  return false;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : std::string();
}

json list_of(const json& object, const char* key) {
  if (!object.is_object()) return json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : json::array();
}

class Merger {
 public:
  Merger(const StatusUpdate& update, std::string_view controller, int64_t now)
      : update_(update), controller_(controller), now_(rfc3339(now)) {}

  json status(const json& existing, const json& wanted) {
    json out = members(existing, wanted);
    if (wanted.contains("listeners")) {
      // Two of one name are a mistake that nobody forbids here: the first goes with the first.
      json before = list_of(existing, "listeners");
      for (json& l : out["listeners"]) {
        json known = json::object();
        for (json& b : before) {
          if (!b.is_object() || text_of(b, "name") != text_of(l, "name")) continue;
          known = std::exchange(b, nullptr);
          break;
        }
        l = members(known, l);
      }
    }
    if (wanted.contains("parents"))
      out["parents"] =
          entries(list_of(existing, "parents"), wanted["parents"], "parentRef", parents_max);
    if (wanted.contains("ancestors"))
      out["ancestors"] = entries(list_of(existing, "ancestors"), wanted["ancestors"], "ancestorRef",
                                 ancestors_max);
    return out;
  }

 private:
  json members(const json& existing, const json& wanted) {
    json out = existing.is_object() ? existing : json::object();
    for (const std::string_view name : our_members) out.erase(std::string(name));
    for (const auto& [key, value] : wanted.items()) {
      if (key == "conditions") {
        out[key] = conditions(list_of(existing, "conditions"), value);
      } else {
        out[key] = value;
      }
    }
    return out;
  }

  json conditions(const json& existing, const json& wanted) {
    json out = json::array();
    std::vector<bool> done(wanted.size());
    for (const json& before : existing) {
      const std::string type = text_of(before, "type");
      size_t at = 0;
      while (at < wanted.size() && text_of(wanted[at], "type") != type) ++at;
      if (at < wanted.size()) {
        if (done[at]) continue;
        done[at] = true;
        out.push_back(condition(before, wanted[at]));
      } else if (!contains(our_conditions, type)) {
        out.push_back(before);
      }
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (!done[i]) out.push_back(condition(json::object(), wanted[i]));
    }
    return out;
  }

  json condition(const json& before, json wanted) const {
    const auto seen = before.find("observedGeneration");
    if (seen != before.end() && seen->is_number_integer() &&
        seen->get<int64_t>() > update_.generation)
      return before;
    const std::string since = text_of(before, "lastTransitionTime");
    const bool same = text_of(before, "status") == text_of(wanted, "status");
    wanted["lastTransitionTime"] = same && !since.empty() ? since : now_;
    return wanted;
  }

  // What a reference says once its defaults are filled in.
  std::array<std::string, 6> key_of(const json& ref) const {
    const auto or_else = [](std::string text, std::string_view otherwise) {
      return text.empty() ? std::string(otherwise) : text;
    };
    const bool grouped = ref.is_object() && ref.contains("group");
    const auto port = ref.is_object() ? ref.find("port") : ref.end();
    const bool has_port = ref.is_object() && port != ref.end() && port->is_number_integer();
    return {grouped ? text_of(ref, "group") : std::string(gateway_group),
            or_else(text_of(ref, "kind"), "Gateway"),
            or_else(text_of(ref, "namespace"), update_.object.ns),
            text_of(ref, "name"),
            text_of(ref, "sectionName"),
            has_port ? std::to_string(port->get<int64_t>()) : ""};
  }

  json entries(const json& existing, const json& wanted, const char* ref, size_t limit) {
    json out = json::array();
    std::vector<bool> done(wanted.size());
    size_t foreign = 0;
    for (const json& e : existing) {
      if (text_of(e, "controllerName") != controller_) ++foreign;
    }
    const size_t room = limit > foreign ? limit - foreign : 0;
    const size_t ours = std::min(room, wanted.size());
    const auto value_of = [ref](const json& entry) {
      return entry.is_object() && entry.contains(ref) ? entry[ref] : json::object();
    };
    for (const json& e : existing) {
      if (text_of(e, "controllerName") != controller_) {
        out.push_back(e);
        continue;
      }
      const auto key = key_of(value_of(e));
      for (size_t i = 0; i < ours; ++i) {
        if (done[i] || key_of(value_of(wanted[i])) != key) continue;
        done[i] = true;
        out.push_back(members(e, wanted[i]));
        break;
      }
    }
    for (size_t i = 0; i < ours; ++i) {
      if (!done[i]) out.push_back(members(json::object(), wanted[i]));
    }
    return out;
  }

  const StatusUpdate& update_;
  std::string_view controller_;
  std::string now_;
};

}  // namespace

std::string rfc3339(int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char out[40];
  const int n =
      std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()),
                    unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                    int(clock.minutes().count()), int(clock.seconds().count()));
  return {out, size_t(n)};
}

std::optional<std::string> merge_status(std::string_view existing, const StatusUpdate& update,
                                        std::string_view controller_name, int64_t now) {
  json before = json::parse(existing, nullptr, false);
  if (!before.is_object()) before = json::object();
  const json wanted = json::parse(update.status, nullptr, false);
  if (!wanted.is_object()) return std::nullopt;
  const json after = Merger(update, controller_name, now).status(before, wanted);
  if (after == before) return std::nullopt;
  return after.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace gateproof::kubernetes::gateway
