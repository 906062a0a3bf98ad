// The language model as the analyst actor sees it. Same contract as voice_provider: asynchronous, exactly one
// completion, no exceptions. Rate, number at once and retries are the analyst's.
#pragma once

#include "messages/model/analysis.hpp"
#include "provider/voice_provider.hpp"

namespace waihu {

/// Understands a conversation. Failures: throttled, unauthorized, timed_out, lost, unavailable, rejected (for example
/// content inspection). An answer that is not the agreed JSON is not a failure: `analysis::parsed` is false.
class language_model {
 public:
  virtual ~language_model() = default;
  virtual void analyze(analysis_request request, milliseconds deadline, completion<analysis> done) = 0;
};

}  // namespace waihu
