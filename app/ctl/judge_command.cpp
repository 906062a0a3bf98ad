// judge: measures the configured analyst, the one the daemon would use, on a labelled set. Talks to no daemon.
#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <iostream>
#include <thread>

#include "app/ctl/command_support.hpp"
#include "app/ctl/display_text.hpp"
#include "app/ctl/judgement_report.hpp"
#include "config/load.hpp"
#include "provider/openai_model.hpp"
#include "provider/rules_analyst.hpp"

namespace waihu::ctl {

namespace {

/// Runs what the client of a remote model needs, from construction to destruction.
class io_thread {
 public:
  io_thread() : work_(io.get_executor()), thread_([this] { io.run(); }) {}
  ~io_thread() {
    work_.reset();
    io.stop();
    thread_.join();
  }
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;
  boost::asio::io_context io;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

result<std::vector<provider::labelled_conversation>> read_set(const judge_request& j) {
  std::ifstream in(j.file, std::ios::binary | std::ios::ate);
  const auto size = in ? static_cast<std::streamoff>(in.tellg()) : std::streamoff{-1};
  if (size < 0) return fail(errc::invalid_argument, j.file + " cannot be read");
  if (size > static_cast<std::streamoff>(provider::max_labelled_bytes))
    return fail(errc::invalid_argument, j.file + " is larger than 64 MiB");
  std::string text(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  if (!in.read(text.data(), size)) return fail(errc::invalid_argument, j.file + " cannot be read");
  auto set = provider::read_labelled_set(text, j.utc_offset_minutes);
  if (!set) return fail(errc::invalid_argument, j.file + ": " + set.error().message);
  if (j.limit > 0 && static_cast<std::size_t>(j.limit) < set->size()) set->resize(static_cast<std::size_t>(j.limit));
  return set;
}

std::string name_of(const config::analyst_options& o) {
  return o.kind == "rules" ? "rules" : o.model + " (" + o.dialect + ") at " + o.base_url;
}

/// Why the figures do not count, or `done`.
int verdict_on(const judge_request& j, const std::vector<provider::labelled_conversation>& set,
               const provider::judgement& got) {
  const auto score = provider::score_of(set, got);
  const auto unanswered = std::find_if(got.items.begin(), got.items.end(), [](const auto& one) { return one.given; });
  if (unanswered == got.items.end()) {
    const auto& why = got.items.front().why;
    std::cerr << "waihuctl: the model answered nothing: " << printable(why.message) << '\n';
    return why.code == errc::unauthorized ? not_allowed : why.code == errc::rejected ? refused : not_reached;
  }
  if (score.asked < set.size()) {
    std::cerr << "waihuctl: the time was over after " << score.asked << " of " << set.size() << " conversations\n";
    return out_of_time;
  }
  if (score.accuracy() >= j.least) return done;
  std::cerr << "waihuctl: right on " << 100 * score.accuracy() << " % of them, at least " << 100 * j.least
            << " % were asked for\n";
  return refused;
}

}  // namespace

int run_judge(const global_options& g, const judge_request& j) {
  const auto loaded = config::load({j.config_file, config::process_environment(), j.sets, {"analyst"}});
  if (!loaded.ok()) {
    for (const auto& fault : loaded.faults) std::cerr << config::to_string(fault) << '\n';
    return bad_usage;
  }
  const auto& options = loaded.value.analyst;
  const auto set = read_set(j);
  if (!set) {
    std::cerr << "waihuctl: " << printable(set.error().message) << '\n';
    return bad_usage;
  }
  const bool is_remote = options.kind != "rules";
  io_thread runner;
  auto model =
      is_remote ? make_openai_model(runner.io, options) : result<std::shared_ptr<language_model>>{make_rules_analyst()};
  if (!model) {
    std::cerr << "waihuctl: " << printable(model.error().message) << '\n';
    return bad_usage;
  }
  provider::judgement_limits limits;
  limits.at_once = j.at_once > 0 ? std::min(j.at_once, options.max_in_flight) : options.max_in_flight;
  limits.per_minute = is_remote ? options.per_minute : 0;
  limits.deadline = options.deadline;
  limits.in_all = milliseconds{std::int64_t{j.for_s} * 1000};
  const auto got = provider::judge(**model, *set, limits);
  const judgement_heading heading{name_of(options), j.file};
  if (wants(g, "csv")) std::cout << judgement_as_csv(*set, got);
  else if (wants(g, "json")) std::cout << judgement_as_json(heading, *set, got);
  else std::cout << judgement_as_text(heading, *set, got);
  return verdict_on(j, *set, got);
}

}  // namespace waihu::ctl
