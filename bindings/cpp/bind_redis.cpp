// The virtual world's Redis, by itself: bytes in, bytes out.
#include "engine/middleware/redis_limiter.h"

#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

void bind_redis(py::module_& m) {
  struct Connected {
    sim::RedisStore store;
    sim::RedisStore::Session session;
  };
  py::class_<Connected>(m, "ScriptedRedis",
                        "The Redis of a virtual world, with one connection to it.")
      .def(py::init([](const std::string& username, const std::string& password) {
             sim::RedisHost host;
             host.username = username;
             host.password = password;
             return std::unique_ptr<Connected>(new Connected{sim::RedisStore(std::move(host)), {}});
           }),
           py::arg("username") = "", py::arg("password") = "")
      .def(
          "answer",
          [](Connected& c, const py::bytes& bytes, int64_t wall_ns) {
            const auto reply = c.store.answer(c.session, std::string(bytes), wall_ns);
            if (!reply) throw py::value_error("no commands of Redis: the connection is closed");
            return py::bytes(*reply);
          },
          py::arg("bytes"), py::arg("wall_ns"),
          "The replies to all whole commands. Raises ValueError for what is no command.");
  m.def(
      "limiter_script", [] { return std::string(middleware::redis_limiter_script()); },
      "The Lua script by which rateLimit takes a token of a bucket in Redis.");
}

}  // namespace gateproof::bindings
