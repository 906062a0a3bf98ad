// waihu-sim: the stand-in for the voice provider and the language model, as a process of its own. Reads the command
// line and serves; everything else is in provider/simulator.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "provider/simulator/lessons.hpp"
#include "provider/simulator/server.hpp"

namespace {

/// "09:00-20:30" as minutes of the day.
bool read_window(const std::string& text, waihu::simulator::calling_window& window) {
  int from_hour = 0, from_minute = 0, to_hour = 0, to_minute = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%2d:%2d-%2d:%2d%c", &from_hour, &from_minute, &to_hour, &to_minute, &rest) != 4)
    return false;
  if (from_hour < 0 || from_hour > 24 || to_hour < 0 || to_hour > 24 || from_minute < 0 || from_minute > 59 ||
      to_minute < 0 || to_minute > 59)
    return false;
  window = {from_hour * 60 + from_minute, to_hour * 60 + to_minute};
  return true;
}

/// Options that shape what becomes of the calls.
void add_call_options(CLI::App& app, waihu::simulator::call_policy& policy) {
  app.add_option("--max-attempts", policy.max_attempts, "Dials of a job at most")
      ->check(CLI::Range(1, 9))
      ->capture_default_str();
  app.add_option("--late-answer-share", policy.late_answer_share, "Connected jobs reached on a later dial only")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  const auto span = [&](const char* name, std::int64_t& value, const char* text) {
    app.add_option(name, value, text)
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400'000}))
        ->capture_default_str();
  };
  span("--redial-gap-ms", policy.redial_gap_ms, "From the end of a dial to the next, virtual ms");
  span("--scheduling-min-ms", policy.scheduling_min_ms, "From acceptance to the first dial at least, virtual ms");
  span("--scheduling-max-ms", policy.scheduling_max_ms, "... and at most");
  span("--ring-min-ms", policy.ring_min_ms, "Ringing until someone answers at least, virtual ms");
  span("--ring-max-ms", policy.ring_max_ms, "... and at most");
  span("--no-answer-ring-ms", policy.no_answer_ring_ms, "Ringing when nobody answers, virtual ms");
  span("--talk-min-ms", policy.talk_min_ms, "Talk of a connected call at least, virtual ms");
  span("--talk-max-ms", policy.talk_max_ms, "... and at most");
  app.add_option("--late-conversation-share", policy.late_conversation_share,
                 "Calls whose conversation appears after the terminal status")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  span("--late-conversation-ms", policy.late_conversation_ms, "... by how much at most, virtual ms");
  span("--recording-delay-ms", policy.recording_delay_ms, "From the end of a call to its recording, virtual ms");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace waihu::simulator;
  stand_in_options options;
  auto& world = options.world;
  auto& policy = world.policy;
  std::string listen = "127.0.0.1:0";
  std::string mix, window, lessons, dialect = "dashscope";

  CLI::App app{"Stands in for Alibaba Cloud OutboundBot and for an OpenAI-compatible language model"};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--listen", listen, "HOST:PORT; port 0 takes any free one")->capture_default_str();
  app.add_option("--access-key", options.access_key_id, "Access key id that clients sign with")->required();
  app.add_option("--access-secret", options.access_key_secret, "Its secret")
      ->envname("WAIHU_SIM_ACCESS_SECRET")
      ->required();
  app.add_option("--seed", policy.seed, "Seed of everything random")->capture_default_str();
  app.add_option("--speed", options.speed, "Virtual seconds a real second; 60: an hour a minute; 0: stopped")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--instance", options.bot.instance_id, "The only instance id that exists; empty: any");
  app.add_flag("--any-clock", options.any_clock, "Take signatures of any time (for recorded requests)");
  app.add_option("--concurrency", world.concurrency, "Lines of the instance; 0: no limit")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  app.add_option("--window", window, "Times of day at which dials may begin, e.g. 09:00-20:30");
  app.add_option("--utc-offset-minutes", world.utc_offset_minutes, "Local time of window and language model")
      ->check(CLI::Range(-840, 840))
      ->capture_default_str();
  app.add_flag("--suspend-spares-later-jobs", world.suspend_spares_later_jobs,
               "Dial jobs that are assigned after their group was suspended");
  app.add_option("--mix", mix, "Weights of the outcomes, e.g. connected=60,no_answer=40");
  add_call_options(app, policy);
  app.add_option("--recording-ttl-s", options.bot.recording_ttl_s, "Validity of recording links, real seconds")
      ->check(CLI::Range(0, 604'800))
      ->capture_default_str();
  app.add_option("--llm-key", options.chat.api_key, "Bearer key of the language model; empty: any");
  app.add_option("--llm-dialect", dialect, "Whose manners the language model has")
      ->check(CLI::IsMember({"dashscope", "vllm", "ollama", "openai"}))
      ->capture_default_str();
  app.add_option("--llm-lessons", lessons, "Labelled conversations that teach the language model; else it has keywords")
      ->check(CLI::ExistingFile);
  app.add_option("--llm-delay-ms", options.chat_delay_ms, "Time that a completion takes, real ms")
      ->check(CLI::Range(0, 600'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  if (!mix.empty()) {
    const auto parsed = parse_mix(mix);
    if (!parsed) {
      std::cerr << "waihu-sim: --mix: " << parsed.error().message << '\n';
      return 2;
    }
    policy.mix = *parsed;
  }
  if (!window.empty() && !read_window(window, world.window)) {
    std::cerr << "waihu-sim: --window must look like 09:00-20:30\n";
    return 2;
  }
  if (!lessons.empty()) {
    std::ifstream in(lessons, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    auto taught = taught_model::learn(text.str());
    if (!taught) {
      std::cerr << "waihu-sim: --llm-lessons: " << taught.error().message << '\n';
      return 2;
    }
    options.chat.taught = std::make_shared<const taught_model>(std::move(*taught));
  }
  // The flag's values are checked by its grammar.
  options.chat.dialect = parse_chat_dialect(dialect).value_or(chat_dialect::dashscope);
  options.chat.utc_offset_minutes = world.utc_offset_minutes;
  options.bot.link_secret = options.access_key_secret;

  const auto served = serve(std::move(options), listen, [](const std::string& address) {
    std::cout << "waihu-sim listening on http://" << address << std::endl;
  });
  if (served) return 0;
  std::cerr << "waihu-sim: " << served.error().message << '\n';
  return 1;
}
