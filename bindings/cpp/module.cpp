#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

py::str text_of(std::string_view bytes) {
  PyObject* s =
      PyUnicode_DecodeLatin1(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr);
  if (!s) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(s);
}

std::string bytes_of(const py::handle& text) {
  if (PyBytes_Check(text.ptr())) {
    return std::string(PyBytes_AS_STRING(text.ptr()),
                       static_cast<size_t>(PyBytes_GET_SIZE(text.ptr())));
  }
  PyObject* s = text.ptr();
  if (!PyUnicode_Check(s)) throw py::type_error("expected str or bytes");
  if (PyUnicode_IS_ASCII(s)) {
    return std::string(static_cast<const char*>(PyUnicode_DATA(s)),
                       static_cast<size_t>(PyUnicode_GET_LENGTH(s)));
  }
  const py::bytes encoded = py::reinterpret_steal<py::bytes>(PyUnicode_AsUTF8String(s));
  if (!encoded) throw py::error_already_set();
  return encoded;
}

py::dict object_info(const pipeline::ObjectInfo& info) {
  py::dict d;
  d["name"] = info.name;
  d["status"] = std::string(pipeline::to_string(info.status));
  d["errors"] = info.errors;
  d["used_by"] = info.used_by;
  d["file"] = std::string(info.span.file_name());
  d["line"] = info.span.line;
  d["column"] = info.span.column;
  return d;
}

py::list routers_of(const pipeline::Snapshot& snapshot) {
  py::list out;
  for (const auto& [name, r] : snapshot.routers) {
    py::dict d = object_info(*r);
    d["rule"] = r->rule;
    d["service"] = r->service;
    d["priority"] = r->priority;
    d["tls"] = r->tls;
    d["entry_points"] = r->entry_points;
    d["middlewares"] = r->middlewares;
    out.append(d);
  }
  return out;
}

py::list objects_of(const std::map<std::string, pipeline::ObjectInfo>& objects) {
  py::list out;
  for (const auto& [name, info] : objects) out.append(object_info(info));
  return out;
}

py::list objects_of(const SharedMap<pipeline::ObjectInfo>& objects) {
  py::list out;
  for (const auto& [name, info] : objects) out.append(object_info(info));
  return out;
}

py::list services_of(const pipeline::Snapshot& snapshot) {
  py::list out;
  for (const auto& [name, info] : snapshot.services) {
    py::dict d = object_info(info);
    py::dict servers;
    if (const auto found = snapshot.server_health.find(name);
        found != snapshot.server_health.end()) {
      for (const upstream::ServerStatus& s : found->second->statuses())
        servers[py::str(s.url)] = s.up ? "UP" : "DOWN";
    }
    d["servers"] = servers;
    out.append(d);
  }
  return out;
}

}  // namespace gateproof::bindings

PYBIND11_MODULE(_core, m) {
  using namespace gateproof::bindings;
  m.doc() = "The engine behind the gateproof package. Not for direct use.";
  bind_errors(m);
  bind_config(m);
  bind_hosts(m);
  bind_plugins(m);
  bind_redis(m);
  bind_outcome(m);
  bind_world(m);
  bind_server(m);
  bind_cluster(m);
  bind_rules(m);
  bind_catalogue(m);
}
