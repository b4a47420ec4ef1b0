#include "bindings/cpp/request_url.h"

#include <algorithm>

namespace gateproof::bindings {
namespace {

std::string names_of(const std::vector<Door>& doors) {
  std::string out;
  for (const Door& d : doors) out += (out.empty() ? "" : ", ") + d.name;
  return out.empty() ? "none" : out;
}

const Door* by_port(const std::vector<Door>& doors, uint16_t port) {
  const auto found =
      std::find_if(doors.begin(), doors.end(), [&](const Door& d) { return d.port == port; });
  return found == doors.end() ? nullptr : &*found;
}

const Door* choose(const std::vector<Door>& doors, bool tls, uint16_t port) {
  if (const Door* d = by_port(doors, port)) return d;
  for (const Door& d : doors) {
    if (tls ? d.tls || d.name == "websecure" : d.name == "web") return &d;
  }
  for (const Door& d : doors) {
    if (d.as_default && !d.tls) return &d;
  }
  for (const Door& d : doors) {
    if (!d.tls) return &d;
  }
  return doors.empty() ? nullptr : &doors.front();
}

bool plain(char c) { return c > 0x20 && c < 0x7f; }

std::string encoded(std::string_view target) {
  if (std::all_of(target.begin(), target.end(), plain)) return std::string(target);
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : target) {
    if (plain(c)) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

void add_line(sim::Request& request, std::string name, std::string value) {
  if (name.size() == 4 && text::iequals(name, "host")) {
    request.host = std::move(value);
  } else {
    request.headers.emplace_back(std::move(name), std::move(value));
  }
}

void add_lines(sim::Request& request, const py::handle& name, const py::handle& value) {
  if (!PyList_Check(value.ptr()) && !PyTuple_Check(value.ptr())) {
    add_line(request, bytes_of(name), bytes_of(value));
    return;
  }
  for (const py::handle one : py::reinterpret_borrow<py::sequence>(value))
    add_line(request, bytes_of(name), bytes_of(one));
}

}  // namespace

std::vector<Door> doors_of(const config::StaticConfig& statics) {
  std::vector<Door> doors;
  for (const auto& [name, e] : statics.entry_points) {
    const auto address = config::parse_entry_point_address(e.address);
    if (address && address->udp) continue;
    doors.push_back({name, address ? address->port : uint16_t{0}, e.tls.has_value(), e.as_default});
  }
  std::stable_sort(doors.begin(), doors.end(),
                   [](const Door& a, const Door& b) { return a.as_default > b.as_default; });
  return doors;
}

void split_url(std::string_view url, std::string entry_point, const std::vector<Door>& doors,
               sim::Request& into) {
  const size_t colon = url.find("://");
  const std::string_view scheme = colon == url.npos ? std::string_view() : url.substr(0, colon);
  into.tls = text::iequals(scheme, "https");
  if (!into.tls && !text::iequals(scheme, "http")) {
    throw py::value_error("not an absolute URL with http:// or https://: " + std::string(url));
  }
  std::string_view rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  if (const size_t at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
  into.host = std::string(authority);
  into.target = encoded(rest.substr(end));
  if (into.target.empty() || into.target[0] != '/') into.target.insert(0, "/");
  if (entry_point.empty()) {
    const HostPort hp = split_host_port(authority);
    const auto port = static_cast<uint16_t>(text::parse_int(hp.port).value_or(into.tls ? 443 : 80));
    const Door* door = choose(doors, into.tls, port);
    if (!door) throw py::value_error("the configuration has no entry point for TCP");
    into.entry_point = door->name;
    return;
  }
  const bool known =
      std::any_of(doors.begin(), doors.end(), [&](const Door& d) { return d.name == entry_point; });
  if (!known)
    throw py::value_error("no entry point is called " + entry_point +
                          "; there are: " + names_of(doors));
  into.entry_point = std::move(entry_point);
}

void add_headers(sim::Request& request, const py::handle& headers) {
  if (headers.is_none()) return;
  if (PyDict_Check(headers.ptr())) {
    for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(headers))
      add_lines(request, name, value);
    return;
  }
  for (const py::handle item : headers) {
    const auto pair = py::reinterpret_borrow<py::sequence>(item);
    if (pair.size() != 2) throw py::value_error("headers are a mapping or (name, value) pairs");
    const py::object name = pair[0], value = pair[1];
    add_line(request, bytes_of(name), bytes_of(value));
  }
}

}  // namespace gateproof::bindings
