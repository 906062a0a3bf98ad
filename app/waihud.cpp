// The daemon's main: flags, configuration, logging, signals, the service manager, and an exit code that says why.
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <thread>

#include "app/node.hpp"
#include "cluster/certificates.hpp"
#include "config/describe.hpp"
#include "config/load.hpp"
#include "http/tls_identity.hpp"
#include "telemetry/log.hpp"

namespace waihu {

namespace {

using telemetry::log_event;
using telemetry::log_level;

struct flags {
  std::string config;
  std::vector<std::string> sets;
  std::string web_root;
  bool check_config{};
  bool show_config{};
  int wait_store_s{60};
};

int check(const config::load_outcome& loaded, const flags& wanted) {
  for (const auto& fault : loaded.faults) std::cerr << config::to_string(fault) << '\n';
  if (!loaded.ok()) {
    std::cerr << loaded.faults.size() << " configuration fault(s); nothing was started\n";
    return static_cast<int>(exit_code::usage);
  }
  if (const auto& files = loaded.value.http; !files.tls_certificate.empty()) {
    const auto pair = http::tls_identity::load(files.tls_certificate, files.tls_key);
    if (!pair) {
      std::cerr << pair.error().message << "\nnothing was started\n";
      return static_cast<int>(exit_code::usage);
    }
  }
  if (loaded.value.cluster.enabled) {
    const auto good_until = cluster::check_certificates(loaded.value.cluster);
    if (!good_until) {
      std::cerr << good_until.error().message << "\nnothing was started\n";
      return static_cast<int>(exit_code::usage);
    }
  }
  if (wanted.show_config) std::cout << config::describe(loaded.value);
  if (wanted.check_config) std::cout << "configuration is good\n";
  return static_cast<int>(exit_code::ok);
}

/// SIGHUP: the levels of [log] are read again, so that a component can be watched closely without a restart.
void reload_log_levels(const config::load_request& request) {
  auto again = request;
  again.sections = {"log"};
  const auto loaded = config::load(again);
  for (const auto& fault : loaded.faults)
    log_event(log_level::warn, "daemon", "daemon.reload_refused", {{"fault", config::to_string(fault)}});
  if (!loaded.ok()) return;
  if (const auto set = telemetry::set_log_levels(loaded.value.log); !set)
    log_event(log_level::warn, "daemon", "daemon.reload_refused", {{"fault", set.error().message}});
  else log_event(log_level::info, "daemon", "daemon.log_levels_reloaded", {{"level", loaded.value.log.level}});
}

/// SIGHUP: a renewed certificate is shown to new connections; an unusable one changes nothing.
void reload_identity(node& here) {
  if (const auto read = here.reload_identity(); !read)
    log_event(log_level::error, "daemon", "daemon.reload_refused", {{"fault", read.error().message}});
}

/// Runs until a signal or a fatal condition; answers how it ended.
exit_code run(const config::options& options, std::chrono::seconds wait_store, const config::load_request& request) {
  boost::asio::io_context signals_io;
  boost::asio::signal_set signals(signals_io, SIGINT, SIGTERM);
  std::atomic<bool> stop_wanted{false};
  std::atomic<int> ended{static_cast<int>(exit_code::ok)};
  signals.async_wait([&](const boost::system::error_code& error, int number) {
    if (error) return;
    log_event(log_level::info, "daemon", "daemon.stopping", {{"signal", number}});
    stop_wanted = true;
    signals_io.stop();
  });
  boost::asio::signal_set hang_ups(signals_io, SIGHUP);
  const auto end_waiting = [&] {
    stop_wanted = true;
    signals.cancel();
    hang_ups.cancel();
  };
  const auto on_fatal = [&](exit_code code) {
    ended = static_cast<int>(code);
    boost::asio::post(signals_io, end_waiting);
  };
  node here(options, on_fatal);
  std::function<void()> await_hang_up = [&] {
    hang_ups.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      reload_log_levels(request);
      reload_identity(here);
      await_hang_up();
    });
  };
  await_hang_up();
  std::thread signal_thread([&] { signals_io.run(); });
  const auto failed = here.start(wait_store, [&] { return stop_wanted.load(); });
  if (failed) {
    if (failed->code != exit_code::ok)
      log_event(log_level::error, "daemon", "daemon.start_failed", {{"exit_code", static_cast<int>(failed->code)}},
                failed->message);
    ended = static_cast<int>(failed->code);
    boost::asio::post(signals_io, end_waiting);
  } else {
    sd_notify(0, "READY=1");
    log_event(log_level::info, "daemon", "daemon.ready", {{"pid", static_cast<int>(::getpid())}});
  }
  signal_thread.join();
  sd_notify(0, "STOPPING=1");
  // The stop has a deadline of its own; past it the process ends anyway and says so.
  std::thread watchdog([limit = options.node.drain_timeout] {
    boost::asio::io_context io;
    boost::asio::steady_timer timer(io, limit);
    timer.async_wait([](const boost::system::error_code&) {
      log_event(log_level::error, "daemon", "daemon.stop_timed_out", {});
      telemetry::stop_logging();
      ::_exit(static_cast<int>(exit_code::stop_timed_out));
    });
    io.run();
  });
  watchdog.detach();
  here.stop();
  log_event(log_level::info, "daemon", "daemon.stopped", {{"exit_code", ended.load()}});
  return static_cast<exit_code>(ended.load());
}

int start_up(int argc, char** argv) {
  CLI::App cli{"waihud: runs outbound-call campaigns"};
  flags wanted;
  cli.add_option("--config", wanted.config, "TOML file (see config/waihu.example.toml)");
  cli.add_option("--set", wanted.sets, "section.key=value, overrides file and environment")->expected(1)->take_all();
  cli.add_option("--web-root", wanted.web_root, "Folder with the built console, in place of the one in the program");
  cli.add_flag("--check-config", wanted.check_config, "Report every fault of the configuration and exit");
  cli.add_flag("--show-config", wanted.show_config, "Print the effective configuration, secrets hidden, and exit");
  cli.add_option("--wait-store", wanted.wait_store_s, "Longest wait for the store at start, seconds")
      ->check(CLI::Range(0, 86'400));
  cli.set_version_flag("--version", std::string("waihud ") + WAIHU_VERSION);
  cli.footer(
      "Exit codes: 0 stopped in order, 1 something unforeseen, 2 bad flags or configuration, 3 store unreachable,\n"
      "4 store in use by another daemon, 5 schema unusable, 6 ownership lost, 7 cannot listen, 8 provider settings\n"
      "unusable, 9 stop timed out, 10 an inner part ended by itself.");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const auto code = cli.exit(error);
    return code == 0 ? 0 : static_cast<int>(exit_code::usage);
  }
  config::load_request request;
  request.file = wanted.config;
  request.sets = wanted.sets;
  if (!wanted.web_root.empty()) request.sets.push_back("http.web_root=" + wanted.web_root);
  request.environment = config::process_environment();
  const auto loaded = config::load(request);
  const auto verdict = check(loaded, wanted);
  if (verdict != 0 || wanted.check_config || wanted.show_config) return verdict;
  if (const auto logging = telemetry::setup_logging(loaded.value.log); !logging) {
    std::cerr << "log: " << logging.error().message << '\n';
    return static_cast<int>(exit_code::usage);
  }
  const auto ended = run(loaded.value, std::chrono::seconds(wanted.wait_store_s), request);
  telemetry::stop_logging();
  return static_cast<int>(ended);
}

}  // namespace

}  // namespace waihu

int main(int argc, char** argv) {
  try {
    return waihu::start_up(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "waihud: %s\n", error.what());
    return 1;
  }
}
