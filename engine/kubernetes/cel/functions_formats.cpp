// Kubernetes' named formats (format.dns1123Label().validate(text)), and its tests of addresses.
#include <algorithm>

#include "engine/base/address.h"
#include "engine/kubernetes/cel/functions.h"
#include "engine/kubernetes/cluster/formats.h"
#include "engine/kubernetes/cluster/metadata.h"

namespace gateproof::kubernetes::cel {

namespace {

using K = Value::Kind;
using Arguments = std::span<const Value>;

std::string wrong_uuid(std::string_view s) {
  return cluster::has_format("uuid", s) ? "" : "does not match the UUID format";
}
std::string wrong_bytes(std::string_view s) {
  return cluster::has_format("byte", s) ? "" : "invalid base64";
}
std::string wrong_date(std::string_view s) {
  return cluster::has_format("date", s) ? "" : "invalid date";
}
std::string wrong_date_time(std::string_view s) {
  return cluster::has_format("date-time", s) ? "" : "invalid datetime";
}

// A prefix of a name may end with a dash.
template <std::string (*Wrong)(std::string_view)>
std::string wrong_prefix(std::string_view s) {
  std::string masked(s);
  if (masked.size() > 1 && masked.ends_with('-')) masked.back() = 'a';
  return Wrong(masked);
}

struct Format {
  std::string_view name;
  std::string (*wrong)(std::string_view);  // "" of a text that has the format
};
constexpr Format formats[] = {
    {"dns1123Label", cluster::wrong_label},
    {"dns1123Subdomain", cluster::wrong_subdomain},
    {"dns1035Label", cluster::wrong_dns_1035},
    {"dns1123LabelPrefix", wrong_prefix<cluster::wrong_label>},
    {"dns1123SubdomainPrefix", wrong_prefix<cluster::wrong_subdomain>},
    {"dns1035LabelPrefix", wrong_prefix<cluster::wrong_dns_1035>},
    {"qualifiedName", cluster::wrong_key},
    {"labelValue", cluster::wrong_label_value},
    {"uuid", wrong_uuid},
    {"byte", wrong_bytes},
    {"date", wrong_date},
    {"datetime", wrong_date_time},
};

const Format* format_of(std::string_view name) {
  const auto* found = std::ranges::find(formats, name, &Format::name);
  return found == std::end(formats) ? nullptr : found;
}

template <size_t I>
Value format(Evaluation&, Arguments) {
  return Value::named(K::format, std::string(formats[I].name));
}

Value named(Evaluation&, Arguments a) {
  if (!a[0].is(K::string)) return no_overload();
  if (!format_of(a[0].text())) return Value::optional({});
  return Value::optional({Value::named(K::format, std::string(a[0].text()))});
}

// Nothing, or the list of what is wrong.
Value validate(Evaluation& e, Arguments a) {
  if (!a[0].is(K::format) || !a[1].is(K::string)) return no_overload();
  if (!e.pay(a[1].text().size() / 10)) return Value::error("");
  const std::string why = format_of(a[0].text())->wrong(a[1].text());
  if (why.empty()) return Value::optional({});
  return Value::optional({Value::list({Value::string(why)})});
}

Value is_ip(Evaluation&, Arguments a) {
  if (!a[0].is(K::string)) return no_overload();
  return Value::boolean(IpAddress::parse(a[0].text()).has_value());
}

Value is_cidr(Evaluation&, Arguments a) {
  if (!a[0].is(K::string)) return no_overload();
  const bool mask = a[0].text().find('/') != std::string_view::npos;
  return Value::boolean(mask && IpNetwork::parse(a[0].text()).has_value());
}

constexpr auto global = Function::Style::global;
constexpr Function table[] = {
    {"format.dns1123Label", 0, 0, global, format<0>},
    {"format.dns1123Subdomain", 0, 0, global, format<1>},
    {"format.dns1035Label", 0, 0, global, format<2>},
    {"format.dns1123LabelPrefix", 0, 0, global, format<3>},
    {"format.dns1123SubdomainPrefix", 0, 0, global, format<4>},
    {"format.dns1035LabelPrefix", 0, 0, global, format<5>},
    {"format.qualifiedName", 0, 0, global, format<6>},
    {"format.labelValue", 0, 0, global, format<7>},
    {"format.uuid", 0, 0, global, format<8>},
    {"format.byte", 0, 0, global, format<9>},
    {"format.date", 0, 0, global, format<10>},
    {"format.datetime", 0, 0, global, format<11>},
    {"format.named", 1, 1, global, named},
    {"validate", 2, 2, Function::Style::member, validate},
    {"isIP", 1, 1, global, is_ip},
    {"isCIDR", 1, 1, global, is_cidr},
};

}  // namespace

std::span<const Function> format_functions() { return table; }

}  // namespace gateproof::kubernetes::cel
