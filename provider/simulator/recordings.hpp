// The sound of a simulated recording: a short, valid WAV file. Knows nothing of calls.
#pragma once

#include <cstdint>
#include <string>

namespace waihu::simulator {

/// Half a second of a quiet tone, 8 kHz, 8 bit, one channel; the pitch depends on the seed. About 4 KB.
std::string make_recording(std::uint64_t seed);

}  // namespace waihu::simulator
