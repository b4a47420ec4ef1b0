// What the engine knows to configure: the middleware types with their options, read off the schemas that decode them.
#include "engine/middleware/middleware.h"

#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {
namespace {

void add_options(py::list& out, const config::ObjectSchema& schema, const std::string& prefix) {
  for (const config::FieldSchema& f : schema.fields) {
    if (f.shape == config::Shape::ignored) continue;
    const std::string name = prefix + std::string(f.name);
    py::dict d;
    d["name"] = name;
    d["type"] = f.type;
    d["default"] = f.default_text;
    d["deprecated"] = f.deprecated;
    d["instead"] = std::string(f.deprecation);
    out.append(d);
    if (f.child) {
      const bool many =
          f.shape == config::Shape::object_list || f.shape == config::Shape::object_map;
      add_options(out, *f.child, name + (many ? "[]." : "."));
    }
  }
}

// [{type, options: [{name: "ipStrategy.depth", type, default, deprecated, instead}]}], sorted by type.
py::list middleware_types() {
  py::list out;
  for (const std::string_view type : middleware::middleware_types().names()) {
    const config::MiddlewareSchema* schema = middleware::middleware_types().find(type);
    py::list options;
    add_options(options, *schema->schema, "");
    py::dict d;
    d["type"] = std::string(type);
    d["options"] = options;
    out.append(d);
  }
  return out;
}

}  // namespace

void bind_catalogue(py::module_& m) { m.def("middleware_types", &middleware_types); }

}  // namespace gateproof::bindings
