// A real waihu-sim that plays a language model, and the real client in front of it, for the tests that judge the
// client.
#pragma once

#include <gtest/gtest.h>

#include "provider/judgement.hpp"
#include "provider/openai_model.hpp"
#include "tests/provider/capture_files.hpp"
#include "tests/provider/io_fixture.hpp"
#include "tests/simulator/sim_process.hpp"

namespace waihu::testing {

inline constexpr int shanghai = 480;

/// A file of tests/provider/transcripts; fails the test when it is wrong.
inline std::vector<provider::labelled_conversation> labelled(const std::string& file) {
  auto set = provider::read_labelled_set(read_whole_file(provider_test_folder() + "transcripts/" + file), shanghai);
  EXPECT_TRUE(set) << file << ": " << set.error().message;
  return set ? std::move(*set) : std::vector<provider::labelled_conversation>{};
}

/// Everything that is labelled: the development part, then the part that was held out.
inline std::vector<provider::labelled_conversation> whole_set() {
  auto all = labelled("development.jsonl");
  for (auto& one : labelled("held_out.jsonl")) all.push_back(std::move(one));
  return all;
}

/// Model and client of one dialect.
class analyst_scene {
 public:
  /// `lessons`: file of tests/provider/transcripts that teaches the model; "": it has its keywords.
  explicit analyst_scene(const std::string& dialect, const std::string& response_format = "json_object",
                         const std::string& lessons = "")
      : sim(flags(dialect, lessons)) {
    options.base_url = "http://" + sim.host() + (dialect == "dashscope" ? "/compatible-mode/v1" : "/v1");
    options.api_key = "sk-judge";
    options.dialect = dialect;
    options.response_format = response_format;
    model = make_openai_model(io.io, options, [] { return fixed_now(); }).value();
  }
  static wall_time fixed_now() { return from_epoch_ms(1'772'600'000'000); }

  void misbehave(const std::string& rules) const { sim.post("/sim/faults", rules); }
  void behave() const { sim.remove("/sim/faults"); }
  /// What the model has read since `after`, at most 1,000.
  [[nodiscard]] rapidjson::Document readings(std::int64_t after = 0) const {
    return sim.get("/sim/readings?since=" + std::to_string(after)).json();
  }
  result<analysis> ask(analysis_request request, milliseconds deadline = milliseconds{10'000}) {
    return outcome_of<analysis>([&](auto done) { model->analyze(std::move(request), deadline, std::move(done)); });
  }
  /// One after the other, so that readings stand in the order of the set.
  provider::judgement judge(const std::vector<provider::labelled_conversation>& set) {
    return provider::judge(*model, set, {1, 0, milliseconds{10'000}, std::chrono::minutes{3}});
  }

  static std::vector<std::string> flags(const std::string& dialect, const std::string& lessons) {
    std::vector<std::string> out{"--llm-dialect",  dialect, "--llm-key", "sk-judge",
                                 "--llm-delay-ms", "0",     "--speed",   "0"};
    if (!lessons.empty()) {
      out.emplace_back("--llm-lessons");
      out.push_back(provider_test_folder() + "transcripts/" + lessons);
    }
    return out;
  }

  simulator_tests::sim_process sim;
  running_io io;
  config::analyst_options options;
  std::shared_ptr<language_model> model;
};

}  // namespace waihu::testing
