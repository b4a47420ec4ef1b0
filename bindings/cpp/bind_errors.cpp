// One translator for everything the bindings throw on purpose; the classes are defined in Python.
#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {
namespace {

void raise(const char* name, const py::tuple& arguments) {
  const py::object type = py::module_::import("gateproof.errors").attr(name);
  PyErr_SetObject(type.ptr(), type(*arguments).ptr());
}

}  // namespace

void bind_errors(py::module_&) {
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const StuckRun& e) {
      if (e.budget) {
        raise("BudgetExceeded",
              py::make_tuple("the exchange took more events than the world allows", e.tasks));
      } else {
        raise("DeadlockError",
              py::make_tuple("nothing that is left to happen can finish the exchange", e.tasks));
      }
    } catch (const StartFailure& e) {
      raise("StartError", py::make_tuple(e.message));
    }
  });
}

}  // namespace gateproof::bindings
