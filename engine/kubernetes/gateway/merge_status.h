// How a StatusUpdate becomes the status that is written: what other controllers wrote stays as it is.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

// Sizes that the API gives to lists of a status.
inline constexpr size_t parents_max = 32;
inline constexpr size_t ancestors_max = 16;

// `existing` is the JSON text of the object's status as it is now ("" when it has none), `now` the time in seconds since the
// epoch. The status to be written, or nullopt when it is there already.
// - Conditions of types that are not ours stay; ours keep lastTransitionTime until their status changes.
// - Entries of status.parents and status.ancestors of other controllers stay, and go first when a list is full.
// - A condition that was written for a later generation stays: this update is late.
std::optional<std::string> merge_status(std::string_view existing, const StatusUpdate& update,
                                        std::string_view controller_name, int64_t now);

// "2024-05-01T12:00:00Z".
std::string rfc3339(int64_t seconds);

}  // namespace gateproof::kubernetes::gateway
