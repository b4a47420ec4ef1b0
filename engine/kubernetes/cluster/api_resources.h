// What the methods of HTTP on the paths of resources answer. Pure; watches and logs, which take time, are the Api's.
#pragma once
#include "engine/kubernetes/cluster/answers.h"

namespace gateproof::kubernetes::cluster {

struct ApiCall {
  std::string_view method;
  ResourcePath path;
  const Query& query;
  Form form;
  std::string_view content_type;
  std::string_view body;
  std::string_view user_agent;
  int64_t wall_ns = 0;
};

// JSON text as an answer.
void set_json(http::Response& response, int status, std::string text, bool yaml = false);
void set_status(http::Response& response, const Status& status);

// The resource that a path names: 404 when there is none, or it stands at the wrong level.
Reply<Target> target_of(const Registry& registry, const ResourcePath& path);
Shape shape_of(const ApiCall& call, const Target& target);
ListOptions list_options_of(const ApiCall& call);

// GET, POST, PUT, PATCH and DELETE of everything but watches and logs.
void answer_resource(Store& store, const ApiCall& call, http::Response& response);

// Kinds that are answered and not stored: access and token reviews. False: the path is none of theirs.
struct Caller {
  std::string name;
  std::vector<std::string> groups;
};
bool answer_review(const ApiCall& call, const Caller& caller, std::string_view token,
                   http::Response& response);

}  // namespace gateproof::kubernetes::cluster
