#include "provider/simulator/recordings.hpp"

namespace waihu::simulator {

namespace {

void append_number(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

}  // namespace

std::string make_recording(std::uint64_t seed) {
  constexpr std::uint32_t rate = 8'000;
  constexpr std::uint32_t samples = rate / 2;
  std::string out = "RIFF";
  append_number(out, 36 + samples, 4);
  out += "WAVEfmt ";
  append_number(out, 16, 4);    // Length of this chunk.
  append_number(out, 1, 2);     // PCM.
  append_number(out, 1, 2);     // Channels.
  append_number(out, rate, 4);  // Samples a second.
  append_number(out, rate, 4);  // Bytes a second.
  append_number(out, 1, 2);     // Bytes a sample.
  append_number(out, 8, 2);     // Bits a sample.
  out += "data";
  append_number(out, samples, 4);
  const auto period = static_cast<std::uint32_t>(12 + seed % 24);
  for (std::uint32_t i = 0; i < samples; ++i) out += static_cast<char>(i % period < period / 2 ? 138 : 118);
  return out;
}

}  // namespace waihu::simulator
