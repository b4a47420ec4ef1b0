#include "engine/kubernetes/cluster/metadata.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "engine/base/text.h"
#include "engine/kubernetes/cluster/resources.h"

namespace gateproof::kubernetes::cluster {

namespace {

constexpr size_t subdomain_bytes_max = 253;
constexpr size_t label_bytes_max = 63;

bool lower_alnum(char c) { return text::is_digit(c) || (c >= 'a' && c <= 'z'); }

bool dns_label(std::string_view s) {
  if (s.empty() || !lower_alnum(s.front()) || !lower_alnum(s.back())) return false;
  return std::ranges::all_of(s, [](char c) { return lower_alnum(c) || c == '-'; });
}

std::string too_long(size_t max) {
  return "must be no more than " + std::to_string(max) + " characters";
}

bool qualified_part(std::string_view s) {
  if (s.empty() || !text::is_alnum(s.front()) || !text::is_alnum(s.back())) return false;
  return std::ranges::all_of(
      s, [](char c) { return text::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

constexpr std::string_view qualified_text =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

void add(std::vector<Cause>& causes, std::string field, std::string_view value, std::string why) {
  causes.push_back({"FieldValueInvalid",
                    "Invalid value: " + text::quote(value) + ": " + std::move(why),
                    std::move(field)});
}

void check_owners(const Json& owners, std::vector<Cause>& causes) {
  size_t controllers = 0;
  for (size_t i = 0; i < owners.size(); ++i) {
    const Json& o = owners.items()[i];
    const std::string at = "metadata.ownerReferences[" + std::to_string(i) + "]";
    for (const char* key : {"apiVersion", "kind", "name", "uid"}) {
      if (o[key].str().empty())
        add(causes, at + "." + key, "", std::string(key) + " must not be empty");
    }
    controllers += o["controller"].boolean();
  }
  if (controllers > 1)
    add(causes, "metadata.ownerReferences", "",
        "Only one reference can have Controller set to true");
}

std::string date(int64_t wall_ns, const char* end, int64_t micros) {
  using namespace std::chrono;
  const sys_time<nanoseconds> t{nanoseconds(wall_ns)};
  const auto day = floor<days>(t);
  const year_month_day d(day);
  const hh_mm_ss time(floor<seconds>(t - day));
  char buffer[96];
  std::snprintf(buffer, sizeof buffer, end, int(d.year()), unsigned(d.month()), unsigned(d.day()),
                int(time.hours().count()), int(time.minutes().count()), int(time.seconds().count()),
                int(micros));
  return buffer;
}

}  // namespace

std::string rfc3339(int64_t wall_ns) { return date(wall_ns, "%04d-%02u-%02uT%02d:%02d:%02dZ", 0); }

std::string rfc3339_micro(int64_t wall_ns) {
  return date(wall_ns, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", wall_ns / 1000 % 1'000'000);
}

std::string wrong_key(std::string_view key) {
  const size_t slash = key.find('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  if (slash != std::string_view::npos) {
    if (slash == 0) return "prefix part must be non-empty";
    if (const std::string why = wrong_subdomain(key.substr(0, slash)); !why.empty())
      return "prefix part " + why;
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > label_bytes_max) return "name part " + too_long(label_bytes_max);
  return qualified_part(name) ? "" : std::string(qualified_text);
}

std::string wrong_label_value(std::string_view value) {
  if (value.empty()) return "";
  if (value.size() > label_bytes_max) return too_long(label_bytes_max);
  if (qualified_part(value)) return "";
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
         "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
         "'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

std::string wrong_subdomain(std::string_view name) {
  if (name.size() > subdomain_bytes_max) return too_long(subdomain_bytes_max);
  const auto parts = text::split(name, '.');
  if (!name.empty() && std::ranges::all_of(parts, dns_label)) return "";
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
         "or "
         "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
         "used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

std::string wrong_label(std::string_view name) {
  if (name.size() > label_bytes_max) return too_long(label_bytes_max);
  if (dns_label(name)) return "";
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
         "and "
         "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
         "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

std::string wrong_dns_1035(std::string_view name) {
  if (name.size() > label_bytes_max) return too_long(label_bytes_max);
  if (dns_label(name) && !text::is_digit(name.front())) return "";
  return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
         "an "
         "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
         "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

std::string wrong_path_segment(std::string_view name) {
  if (name == "." || name == "..") return "may not be '" + std::string(name) + "'";
  for (const char c : {'/', '%'}) {
    if (name.find(c) != std::string_view::npos) return std::string("may not contain '") + c + "'";
  }
  return "";
}

std::string wrong_name(const ResourceType& type, std::string_view name) {
  if (type.group == "rbac.authorization.k8s.io") return wrong_path_segment(name);
  if (type.custom || !type.group.empty()) return wrong_subdomain(name);
  if (type.kind == "Namespace") return wrong_label(name);
  if (type.kind == "Service") return wrong_dns_1035(name);
  return wrong_subdomain(name);
}

void check_metadata(const Json& meta, const Json& before, size_t annotation_bytes_max,
                    std::vector<Cause>& causes) {
  for (const Json::Member& m : meta["labels"].members()) {
    if (const std::string why = wrong_key(m.key); !why.empty())
      add(causes, "metadata.labels", m.key, why);
    if (const std::string why = wrong_label_value(m.value.str()); !why.empty())
      add(causes, "metadata.labels", m.value.str(), why);
    if (causes.size() >= 20) return;
  }
  size_t bytes = 0;
  for (const Json::Member& m : meta["annotations"].members()) {
    bytes += m.key.size() + m.value.str().size();
    if (const std::string why = wrong_key(text::to_lower(m.key)); !why.empty())
      add(causes, "metadata.annotations", m.key, why);
    if (causes.size() >= 20) return;
  }
  if (bytes > annotation_bytes_max) {
    causes.push_back(
        {"FieldValueTooLong",
         "Too long: may not be more than " + std::to_string(annotation_bytes_max) + " bytes",
         "metadata.annotations"});
  }
  for (const Json& f : meta["finalizers"].items()) {
    if (const std::string why = wrong_key(f.str()); !why.empty())
      add(causes, "metadata.finalizers", f.str(), why);
  }
  check_owners(meta["ownerReferences"], causes);
  if (before.is_null()) return;
  // A finalizer may only go once the object is being deleted.
  if (before["deletionTimestamp"].is_null()) return;
  for (const Json& f : meta["finalizers"].items()) {
    const auto old = before["finalizers"].items();
    if (std::ranges::find(old, f) == old.end()) {
      causes.push_back({"FieldValueForbidden",
                        "Forbidden: no new finalizers can be added if the object is being deleted, "
                        "found new finalizers []string{" +
                            text::quote(f.str()) + "}",
                        "metadata.finalizers"});
    }
  }
}

}  // namespace gateproof::kubernetes::cluster
