// The commands of waihuctl. Each takes what the command line said, prints to standard output (what was asked for) and
// standard error (what went wrong), and answers the process's exit code. None throws.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace waihu::ctl {

/// Exit codes, documented by `waihuctl --help`.
enum exit_code : int {
  done = 0,
  refused = 1,      ///< The daemon understood and said no, or a check failed.
  bad_usage = 2,    ///< The command line is wrong.
  not_allowed = 3,  ///< No token, or one that is not accepted.
  not_reached = 4,  ///< No answer from the daemon or the store.
  out_of_time = 5,  ///< `watch` ended before the task did, `judge` before the set.
};

/// What stands before the command.
struct global_options {
  std::string url{"http://127.0.0.1:8080"};
  std::string token_file;
  std::string format{"table"};  ///< table | csv | json
  int timeout_s{60};            ///< For one request.
};

int run_login(const global_options& g, const std::string& username, const std::string& password_file);
int run_import(const global_options& g, const std::string& file);
int run_scenes(const global_options& g);

struct new_scene {
  std::string name, bot_name, detail, target, opening;
  int type{2};
};
int run_create_scene(const global_options& g, const new_scene& s);

struct new_task {
  std::string name, script_id;
  std::vector<std::string> products, types;
};
int run_create(const global_options& g, const new_task& t);
int run_start(const global_options& g, std::int64_t task);
/// `action`: suspend | resume.
int run_suspend_resume(const global_options& g, std::int64_t task, const std::string& action);
int run_tasks(const global_options& g);
int run_diagnose(const global_options& g, std::int64_t task);

struct watch_request {
  std::int64_t task{};
  int until{4};           ///< task_type at which watching ends well: 3 or 4.
  int timeout_s{};        ///< 0 = as long as it takes.
  int interval_ms{1000};  ///< Between looks when no event calls for one.
};
int run_watch(const global_options& g, const watch_request& w);

int run_results(const global_options& g, std::int64_t task, bool by_outcome);
/// `row` from 1 in the order of `results`; 0 = the first one that is interested.
int run_transcript(const global_options& g, std::int64_t task, std::int64_t row);
int run_doctor(const global_options& g);

struct setup_request {
  std::string config_file;        ///< waihud's file; only [store] is read.
  std::vector<std::string> sets;  ///< section.key=value
  std::string organization;       ///< Its name.
  std::string organization_id;    ///< "" = a random one.
  std::string username, phone, password_file;
  std::string role{"admin"};  ///< admin | operator | viewer
};
/// Brings the schema up to date and makes the organisation and the user, where they are missing. Talks to the store,
/// not to the daemon.
int run_setup(const setup_request& s);

/// Where the store is, for commands that ask it and no daemon.
struct store_request {
  std::string config_file;        ///< waihud's file; only [store] is read.
  std::vector<std::string> sets;  ///< store.key=value
};
/// The nodes, what each owns and how its leases stand; or every shard.
int run_cluster(const global_options& g, const store_request& r, bool with_shards);
/// Tells a node to hand over what it owns and take nothing more, or to take its share again.
int run_drain(const store_request& r, const std::string& node, bool drained);

struct judge_request {
  std::string file;               ///< The labelled set, see provider/labelled_set.hpp.
  std::string config_file;        ///< waihud's file; only [analyst] is read.
  std::vector<std::string> sets;  ///< section.key=value
  int limit{};                    ///< Only the first so many conversations; 0 = all.
  int at_once{};                  ///< Analyses under way at most; 0 = analyst.max_in_flight, which it never exceeds.
  int for_s{1800};                ///< In all.
  double least{};                 ///< Share right on interest below which the command fails.
  int utc_offset_minutes{480};    ///< Of the times in the set.
};
/// Asks the configured analyst about every conversation of a labelled set and shows how often it is right.
int run_judge(const global_options& g, const judge_request& j);

/// `what`: example | reference | check. `file` and `sets` are for check.
int run_config(const std::string& what, const std::string& file, const std::vector<std::string>& sets);

}  // namespace waihu::ctl
