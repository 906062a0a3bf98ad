#include "app/ctl/command_line.hpp"

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <iostream>

#include "app/ctl/commands.hpp"
#include "app/ctl/credentials.hpp"

namespace waihu::ctl {

namespace {

constexpr const char* footer =
    "Exit codes: 0 done, 1 refused or a check failed, 2 wrong command line or configuration, 3 not logged in or not\n"
    "allowed, 4 daemon, store or model not reached, 5 `watch` or `judge` ran out of time. Passwords come\n"
    "from --password-file, from WAIHU_PASSWORD, or are asked for; never from the command line.";

/// Everything the grammar fills in.
struct arguments {
  global_options global;
  std::string username, password_file, file, what;
  new_scene scene;
  new_task task;
  watch_request watch;
  setup_request setup;
  judge_request judge;
  store_request store;
  std::string node;
  bool with_shards{};
  std::int64_t task_id{};
  std::int64_t row{};
  bool first_interested{};
  bool by_outcome{};
  std::vector<std::string> sets;
};

using command = std::function<int()>;

CLI::App* add_task_command(CLI::App& app, arguments& a, const char* name, const char* text) {
  auto* c = app.add_subcommand(name, text);
  c->add_option("task", a.task_id, "Number of the task")->required()->check(CLI::PositiveNumber);
  return c;
}

void add_account_commands(CLI::App& app, arguments& a, command& chosen) {
  auto* login = app.add_subcommand("login", "Log in and keep the token");
  login->add_option("user", a.username, "User name")->required();
  login->add_option("--password-file", a.password_file, "File whose first line is the password");
  login->callback([&] { chosen = [&] { return run_login(a.global, a.username, a.password_file); }; });

  auto* doctor = app.add_subcommand("doctor", "Check daemon, token, clocks and store; tell each cure");
  doctor->callback([&] { chosen = [&] { return run_doctor(a.global); }; });

  auto* setup = app.add_subcommand("setup", "Prepare the store: schema, first organisation, first user");
  setup->add_option("--config", a.setup.config_file, "waihud's configuration file; only [store] is read");
  setup->add_option("--set", a.setup.sets, "store.key=value")->allow_extra_args(false);
  setup->add_option("--organization", a.setup.organization, "Name of the organisation")->required();
  setup->add_option("--organization-id", a.setup.organization_id, "Its id, 6 to 8 of A-Z0-9; random when not given");
  setup->add_option("--user", a.setup.username, "Name of the user")->required();
  setup->add_option("--phone", a.setup.phone, "The user's telephone number")->required();
  setup->add_option("--role", a.setup.role, "What the user may do")
      ->check(CLI::IsMember({"admin", "operator", "viewer"}))
      ->capture_default_str();
  setup->add_option("--password-file", a.setup.password_file, "File whose first line is the user's password");
  setup->callback([&] { chosen = [&] { return run_setup(a.setup); }; });

  auto* config = app.add_subcommand("config", "Show the example file or the reference, or check a configuration");
  config->add_option("what", a.what, "example | reference | check")
      ->required()
      ->check(CLI::IsMember({"example", "reference", "check"}));
  config->add_option("file", a.file, "File to check");
  config->add_option("--set", a.sets, "section.key=value")->allow_extra_args(false);
  config->callback([&] { chosen = [&] { return run_config(a.what, a.file, a.sets); }; });
}

void add_catalogue_commands(CLI::App& app, arguments& a, command& chosen) {
  auto* leads = app.add_subcommand("import", "Import leads from a .csv or .xlsx file");
  leads->add_option("file", a.file, "The file")->required();
  leads->callback([&] { chosen = [&] { return run_import(a.global, a.file); }; });

  app.add_subcommand("scenes", "List the call scripts")->callback([&] {
    chosen = [&] { return run_scenes(a.global); };
  });

  auto* scene = app.add_subcommand("create-scene", "Create a call script; prints its script_id");
  scene->add_option("name", a.scene.name, "Its name")->required();
  scene->add_option("--bot", a.scene.bot_name, "How the voice introduces itself")->required();
  scene->add_option("--detail", a.scene.detail, "What it is for");
  scene->add_option("--target", a.scene.target, "What the call shall achieve");
  scene->add_option("--opening", a.scene.opening, "First sentence");
  scene->add_option("--type", a.scene.type, "1 official, 2 custom")->check(CLI::Range(1, 2))->capture_default_str();
  scene->callback([&] { chosen = [&] { return run_create_scene(a.global, a.scene); }; });

  auto* create = app.add_subcommand("create", "Create a task over the leads that match");
  create->add_option("name", a.task.name, "Its name, at most 50 characters")->required();
  create->add_option("--scene", a.task.script_id, "script_id of the call script")->required();
  create->add_option("--product", a.task.products, "Only leads of these products")->delimiter(',');
  create->add_option("--type", a.task.types, "Only leads of these types")->delimiter(',');
  create->callback([&] { chosen = [&] { return run_create(a.global, a.task); }; });

  app.add_subcommand("tasks", "List the tasks, newest first")->callback([&] {
    chosen = [&] { return run_tasks(a.global); };
  });
}

void add_cluster_commands(CLI::App& app, arguments& a, command& chosen) {
  const auto with_store = [&](CLI::App* c) {
    c->add_option("--config", a.store.config_file, "waihud's configuration file; only [store] is read");
    c->add_option("--set", a.store.sets, "store.key=value")->allow_extra_args(false);
    return c;
  };
  auto* cluster = with_store(app.add_subcommand("cluster", "Show the nodes, their shards, epochs, tasks and leases"));
  cluster->add_flag("--shards", a.with_shards, "Each shard by itself");
  cluster->callback([&] { chosen = [&] { return run_cluster(a.global, a.store, a.with_shards); }; });
  for (const bool drained : {true, false}) {
    auto* drain = with_store(drained ? app.add_subcommand("drain", "Let a node hand over all that it owns")
                                     : app.add_subcommand("undrain", "Let a drained node take its share again"));
    drain->add_option("node", a.node, "Its name")->required();
    drain->callback([&, drained] { chosen = [&, drained] { return run_drain(a.store, a.node, drained); }; });
  }
}

void add_judge_command(CLI::App& app, arguments& a, command& chosen) {
  auto* judge =
      app.add_subcommand("judge", "Measure the configured analyst on conversations that people have labelled");
  judge->add_option("file", a.judge.file, "The labelled set, one JSON object a line")->required();
  judge->add_option("--config", a.judge.config_file, "waihud's configuration file; only [analyst] is read");
  judge->add_option("--set", a.judge.sets, "analyst.key=value")->allow_extra_args(false);
  judge->add_option("--limit", a.judge.limit, "Only the first so many conversations; 0: all")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  judge->add_option("--concurrency", a.judge.at_once, "Analyses at once; 0: analyst.max_in_flight, never more")
      ->check(CLI::Range(0, 1'000))
      ->capture_default_str();
  judge->add_option("--for-s", a.judge.for_s, "End after so many seconds")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  judge->add_option("--min", a.judge.least, "Fail when a smaller share than this is right on interest, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  judge->add_option("--utc-offset-minutes", a.judge.utc_offset_minutes, "Local time of the set")
      ->check(CLI::Range(-840, 840))
      ->capture_default_str();
  judge->callback([&] { chosen = [&] { return run_judge(a.global, a.judge); }; });
}

void add_task_commands(CLI::App& app, arguments& a, command& chosen) {
  add_task_command(app, a, "start", "Start calling")->callback([&] {
    chosen = [&] { return run_start(a.global, a.task_id); };
  });
  for (const auto* action : {"suspend", "resume"})
    add_task_command(app, a, action, "Suspend or resume calling")->callback([&, action] {
      chosen = [&, action] { return run_suspend_resume(a.global, a.task_id, action); };
    });
  add_task_command(app, a, "diagnose", "Why a task is where it is")->callback([&] {
    chosen = [&] { return run_diagnose(a.global, a.task_id); };
  });

  auto* watch = add_task_command(app, a, "watch", "Follow a task until it is complete");
  watch->add_option("--until", a.watch.until, "3: calls complete, 4: follow-up complete")
      ->check(CLI::Range(3, 4))
      ->capture_default_str();
  watch->add_option("--timeout", a.watch.timeout_s, "Give up after so many seconds; 0: never")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  watch->add_option("--interval-ms", a.watch.interval_ms, "Between looks without events")
      ->check(CLI::Range(300, 600'000))
      ->capture_default_str();
  watch->callback([&] {
    chosen = [&] {
      a.watch.task = a.task_id;
      return run_watch(a.global, a.watch);
    };
  });

  auto* results = add_task_command(app, a, "results", "Every call of a task");
  results->add_flag("--by-outcome", a.by_outcome, "Count them by outcome instead");
  results->callback([&] { chosen = [&] { return run_results(a.global, a.task_id, a.by_outcome); }; });

  auto* transcript = add_task_command(app, a, "transcript", "One conversation with its follow-up");
  auto* row = transcript->add_option("--row", a.row, "Row of `results`")->check(CLI::PositiveNumber);
  auto* first = transcript->add_flag("--first-interested", a.first_interested, "The first who is interested");
  row->excludes(first);
  transcript->callback([&, row, first] {
    if (row->count() + first->count() == 0) throw CLI::RequiredError("--row or --first-interested");
    chosen = [&] { return run_transcript(a.global, a.task_id, a.first_interested ? 0 : a.row); };
  });
}

}  // namespace

int run(int argc, const char* const* argv) {
  arguments a;
  a.global.token_file = default_token_file();
  command chosen;
  CLI::App app{"Runs outbound-call campaigns through a waihud"};
  app.footer(footer);
  app.set_version_flag("--version", "waihuctl " WAIHU_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--url", a.global.url, "Where waihud answers")->envname("WAIHU_URL")->capture_default_str();
  app.add_option("--token-file", a.global.token_file, "Where the token is kept")->envname("WAIHU_TOKEN_FILE");
  app.add_option("--format", a.global.format, "How answers are shown")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  app.add_option("--timeout-s", a.global.timeout_s, "For one request, seconds")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  add_account_commands(app, a, chosen);
  add_catalogue_commands(app, a, chosen);
  add_task_commands(app, a, chosen);
  add_cluster_commands(app, a, chosen);
  add_judge_command(app, a, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? done : bad_usage;
  }
  try {
    return chosen();
  } catch (const std::exception& e) {
    std::cerr << "waihuctl: " << e.what() << '\n';
    return refused;
  }
}

}  // namespace waihu::ctl
