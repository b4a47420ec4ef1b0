// What an API server answers when it refuses: the Status object, with the real server's reasons, codes and texts.
#pragma once
#include <boost/system/result.hpp>

#include "engine/kubernetes/cluster/json.h"

namespace gateproof::kubernetes::cluster {

struct ResourceType;

struct Cause {
  std::string reason;  // FieldValueRequired, FieldValueInvalid, FieldManagerConflict ...
  std::string message;
  std::string field;  // "spec.ports[0].port"
};

struct Status {
  Status() = default;  // no aggregate: a number is no Status
  int code = 500;      // HTTP
  std::string reason;  // NotFound, AlreadyExists, Conflict, Invalid, BadRequest, Expired ...
  std::string message;
  // details
  std::string group;
  std::string kind;  // the plural for most reasons, the kind for Invalid, as the real server has it
  std::string name;
  std::string uid;
  std::vector<Cause> causes;
  int retry_after_seconds = 0;

  Json to_json() const;  // {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",...}
};

[[noreturn]] void throw_exception_from_error(const Status& status, const boost::source_location&);

template <class T>
using Reply = boost::system::result<T, Status>;

// Without details.
Status refusal(int code, std::string_view reason, std::string message);
// 404 of a URL that names no resource, or one that does not have what is asked of it.
Status no_such_resource();
Status not_found(const ResourceType& type, std::string_view name);
Status already_exists(const ResourceType& type, std::string_view name);
Status conflict(const ResourceType& type, std::string_view name, std::string_view why);
Status invalid(const ResourceType& type, std::string_view name, std::vector<Cause> causes);
Status forbidden(const ResourceType& type, std::string_view name, std::string_view why);
Status bad_request(std::string message);
Status expired(std::string message);            // 410
Status too_large(std::string message);          // 413
Status unsupported_media(std::string message);  // 415
Status internal_error(std::string message);     // 500
// {"kind":"Status","status":"Success",...} as a delete answers it.
Json success_status(const ResourceType& type, std::string_view name, std::string_view uid);

}  // namespace gateproof::kubernetes::cluster
