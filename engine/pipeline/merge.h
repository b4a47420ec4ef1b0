// Several providers' objects become one configuration. Names are qualified, so nothing collides (catalogue 6.1).
#pragma once
#include "engine/config/dynamic.h"

namespace gateproof::pipeline {

void merge_into(config::DynamicConfig& all, const config::DynamicConfig& one);

}  // namespace gateproof::pipeline
