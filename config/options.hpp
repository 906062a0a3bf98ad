// Every number and address that an operator may set, as plain structs with their defaults. Loading, checking and the
// commented example are beside this file. A key's unit is in its name in TOML (`look_interval_ms`); here it is a
// std::chrono type. The rules behind the defaults: state-machines.md, section in brackets.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace waihu::config {

using std::chrono::milliseconds;

/// [http] The public listener.
struct http_options {
  std::string listen_address{"127.0.0.1"};
  std::uint16_t port{8080};                   ///< 0 = any free port (printed in the log line http.listening).
  int io_threads{2};                          ///< 1..64.
  std::int64_t body_limit_bytes{1 << 20};     ///< Bodies over it: 413.
  std::int64_t import_limit_bytes{32 << 20};  ///< The same for leads/import.
  int max_connections{1024};                  ///< Further ones are answered 503 and closed.
  int max_outstanding{128};                   ///< Requests inside the actor system at once; above it 503.
  milliseconds header_timeout{10'000};
  milliseconds body_timeout{60'000};
  milliseconds idle_timeout{75'000};
  milliseconds request_timeout{10'000};   ///< For an answer from inside; 503 after it.
  milliseconds start_budget{2'000};       ///< start-call-task answers within it (http-api.md section 5).
  milliseconds refresh_budget{2'000};     ///< query-task-execution's provider budget.
  milliseconds refresh_max_age{3'000};    ///< Older looks are refreshed.
  milliseconds event_heartbeat{15'000};   ///< SSE comment line.
  int event_queue_limit{1000};            ///< Per subscriber; beyond it the stream ends resumably.
  std::vector<std::string> cors_origins;  ///< Exact origins; "*" is refused.
  std::string tls_certificate, tls_key;   ///< PEM files; both "" = plain HTTP. Read again on SIGHUP.
  /// Who may say for whom he asks: addresses or networks (CIDR) of proxies in front of the daemon.
  std::vector<std::string> trusted_proxies;
  /// How they say it: "forwarded_for" (X-Forwarded-For) or "proxy_protocol" (v1 and v2, before the first byte).
  std::string proxy_header{"forwarded_for"};
  std::string web_root;  ///< Folder with the built console; "" = the one in the program.
};

/// [admin] A second listener for machines that watch this one: metrics, health, readiness. Without logins.
struct admin_options {
  std::string listen_address{"127.0.0.1"};  ///< "" = no such listener.
  std::uint16_t port{9464};                 ///< 0 = any free port (printed in the log line admin.listening).
  milliseconds ready_max_lateness{30'000};  ///< Not ready while a look is overdue for longer.
};

/// [auth] Tokens and logins.
struct auth_options {
  std::string jwt_secret;                             ///< At least 32 bytes; required. Secret.
  std::string jwt_previous_secret;                    ///< Still accepted, never signs: for rotation. "" = none. Secret.
  milliseconds clock_skew{std::chrono::seconds{60}};  ///< Other nodes' clocks may differ by so much.
  milliseconds token_life{std::chrono::hours{24}};
  bool allow_register{false};
  int login_failures{5};  ///< Per account and address within `login_window`: then 429.
  milliseconds login_window{std::chrono::minutes{5}};
};

/// [store] PostgreSQL.
struct store_options {
  std::string url;               ///< libpq connection string or URI; required. May hold a password: secret.
  int readers{2};                ///< Reader workers, 1..16; each has one connection.
  int queue_limit{20'000};       ///< Changes waiting for the writer; beyond it overloaded.
  int read_queue_limit{2'000};   ///< Queries waiting for a reader.
  int commit_max_changes{1000};  ///< Group commit [7].
  milliseconds statement_timeout{30'000};
  milliseconds lock_timeout{5'000};
  milliseconds connect_timeout{5'000};
  milliseconds reconnect_min{100};  ///< Back-off of reconnects, doubling up to reconnect_max.
  milliseconds reconnect_max{5'000};
  int write_tries{5};   ///< Bounded repeats of a transient failure of a commit.
  std::string sslmode;  ///< "" leaves it to the url; else disable|prefer|require|verify-ca|verify-full.
  std::string sslrootcert, sslcert, sslkey;  ///< Paths; "" = not set.
};

/// [provider] The voice provider.
struct provider_options {
  std::string kind{"outboundbot"};                                       ///< Only "outboundbot" so far.
  std::string endpoint{"https://outboundbot.cn-shanghai.aliyuncs.com"};  ///< http or https, host, optional port.
  std::string instance_id;                                               ///< Required.
  std::string access_key_id;                                             ///< Required.
  std::string access_key_secret;                                         ///< Required. Secret.
  std::string security_token;                                            ///< STS only. Secret.
  std::string signature{"v3"};                                           ///< "v3" or "v1".
  std::string ca_file;                                                   ///< Extra CA bundle; "" = the system's.
  int connections{8};                                                    ///< Keep-alive pool size.
  int max_in_flight{16};                                                 ///< Calls at once [5].
  double read_rate_per_s{50};                                            ///< Token bucket for reads.
  double write_rate_per_s{20};                                           ///< Token bucket for writes.
  int burst{10};                                                         ///< Depth of both buckets.
  int queue_limit{20'000};                                               ///< Calls waiting in the gateway.
  milliseconds connect_timeout{5'000};
  milliseconds read_deadline{5'000};
  milliseconds write_deadline{10'000};
  int read_tries{3};
  milliseconds retry_min{200};  ///< Exponential back-off with full jitter.
  milliseconds retry_max{10'000};
  int breaker_window{20};                     ///< Opens at >= 50 % failures of the last so many [5]
  int breaker_consecutive{5};                 ///< or at so many in a row.
  milliseconds breaker_open_min{5'000};       ///< Half-open probe after it, doubling
  milliseconds breaker_open_max{60'000};      ///< up to it.
  int look_batch{99};                         ///< Ids per ListJobs, 1..99.
  milliseconds look_linger{200};              ///< Longest wait for a fuller ListJobs.
  std::int64_t answer_limit_bytes{16 << 20};  ///< Longer answers are refused.
};

/// [analyst] The language model.
struct analyst_options {
  std::string kind{"rules"};  ///< "rules" (no network) or "openai" (any compatible server).
  std::string base_url{"https://dashscope.aliyuncs.com/compatible-mode/v1"};
  std::string api_key;  ///< Secret; may be empty for vLLM or Ollama.
  std::string model{"qwen-plus"};
  std::string dialect{"dashscope"};            ///< dashscope | vllm | ollama | openai: how thinking is switched off.
  std::string response_format{"json_object"};  ///< json_schema | json_object | none; falls back on a 400.
  std::string extra_body_json;                 ///< Merged into the request; "" = nothing.
  int max_tokens{1024};
  int max_in_flight{4};
  int per_minute{600};
  int queue_limit{100'000};
  milliseconds deadline{30'000};     ///< Per call [3].
  int tries{3};                      ///< [3]
  milliseconds retry_delay{60'000};  ///< Between tries [3].
};

/// [job] The call job machine [1].
struct job_options {
  milliseconds look_interval{10'000};                   ///< Between looks at a job that is being called.
  double look_jitter{0.10};                             ///< ± share of the interval, 0..0.5.
  milliseconds queued_look_interval{60'000};            ///< While the provider keeps it in Scheduling for long.
  milliseconds queued_after{std::chrono::minutes{10}};  ///< "Long": time in Scheduling without change.
  milliseconds deadline{std::chrono::hours{2}};         ///< Since the last change while Executing.
  int max_failures{10};                                 ///< Consecutive failed looks until parked(unreachable).
  milliseconds commit_retry{1'000};  ///< Before a result that the store could not take is offered again.
  milliseconds conversation_wait{std::chrono::minutes{30}};  ///< [3] Succeeded without a conversation.
  milliseconds conversation_look_interval{10'000};
};

/// [dispatch] The call task's dispatch [2].
struct dispatch_options {
  int batch_size{20};                     ///< 1..99; the vendor advises at most 25.
  int tries{3};                           ///< Network failures of one batch.
  milliseconds retry_delay{60'000};       ///< With jitter.
  milliseconds reconcile_settle{15'000};  ///< The provider's own delay: two agreeing reads are at least so far apart.
  milliseconds reconcile_retry{5'000};    ///< When a reading failed.
  int max_open_batches{4};                ///< Batches of one task between intent and acknowledgement.
  int refusals_to_give_up{3};             ///< Refused batches, nothing assigned: the start is taken back.
  int reconcile_page_size{100};
  int max_unplaced_rounds{2};            ///< Reconciliations that found nothing until `unplaced`.
  int organization_concurrency{5'000};   ///< Jobs at the provider at once, per organisation.
  int account_concurrency{20'000};       ///< The same for the whole provider account.
  double organization_calls_per_s{100};  ///< Token bucket per organisation.
  double account_calls_per_s{400};       ///< Token bucket of the account.
};

/// [cases] Calls to the parties of mediation cases (http-api.md section 6).
struct cases_options {
  /// "stage.party=script id" each, e.g. "follow_up.applicant=4f25a8be"; who has none is not called.
  std::vector<std::string> scripts;
  /// "stage=party" each: whom a stage calls by itself; a stage that is not named calls both.
  std::vector<std::string> called_parties;
  int max_rounds{3};                                      ///< Of a person and stage.
  milliseconds round_interval{std::chrono::minutes{30}};  ///< Between the beginnings of two rounds.
  milliseconds look_interval{10'000};                     ///< Between looks, whatever the state.
  milliseconds deadline{std::chrono::hours{2}};           ///< Since the first look.
  int max_failures{10};                                   ///< Consecutive failed looks until it is given up.
  milliseconds place_budget{8'000};                       ///< call-v2 waits so long for the provider's ids.
  int calls_per_group{500};                               ///< Calls of one script that share a job group.
};

/// [supervisor] Restarts and sweep [4].
struct supervisor_options {
  milliseconds sweep_interval{std::chrono::seconds{300}};
  milliseconds restart_min{1'000};                           ///< Back-off of restarts, doubling
  milliseconds restart_max{60'000};                          ///< up to it.
  int quarantine_crashes{5};                                 ///< So many crashes
  milliseconds quarantine_window{std::chrono::minutes{10}};  ///< within it: quarantined.
  milliseconds stall_timeout{std::chrono::seconds{300}};     ///< No answer to a ping for so long: replaced.
  int parked_page{500};                                      ///< Parked jobs asked again per sweep and task.
};

/// [node] This process.
struct node_options {
  std::string name;                        ///< "" = the host's name.
  milliseconds lease_time{10'000};         ///< [6]
  milliseconds lease_renew{3'000};         ///< [6]
  milliseconds drain_timeout{10'000};      ///< Orderly stop.
  std::string time_zone{"Asia/Shanghai"};  ///< Of times in answers and of the people called.
  int worker_threads{0};                   ///< CAF workers; 0 = number of cores.
};

/// [cluster] Several nodes that share one store [6].
struct cluster_options {
  bool enabled{false};                      ///< False: this node claims every shard and shares with nobody.
  std::string listen_address{"127.0.0.1"};  ///< Where other nodes reach this one.
  std::uint16_t port{4877};                 ///< 0 = any free port.
  std::string advertise_address;            ///< What others are told; "" = listen_address.
  std::string certificate, key, ca;         ///< PEM files: this node's, and the CA that signs every node's.
  milliseconds heartbeat{1'000};            ///< Between signs on a link that is otherwise silent.
  milliseconds link_timeout{4'000};         ///< A link without a sign for so long is cut.
  milliseconds ask_timeout{2'000};          ///< For the answer of another node to a question that needs no provider.
  milliseconds clock_tolerance{5'000};      ///< A clock further from the store's is complained of and not believed.
  int moves_at_once{16};                    ///< Shards handed over at the same time.
};

/// [log]
struct log_options {
  std::string format{"text"};           ///< text | json
  std::string level{"info"};            ///< trace | debug | info | warn | error
  std::vector<std::string> components;  ///< "component=level", e.g. "dispatch=debug".
  std::string file;                     ///< "" = standard error.
};

/// Everything.
struct options {
  http_options http;
  admin_options admin;
  auth_options auth;
  store_options store;
  provider_options provider;
  analyst_options analyst;
  job_options job;
  dispatch_options dispatch;
  cases_options cases;
  supervisor_options supervisor;
  node_options node;
  cluster_options cluster;
  log_options log;
};

}  // namespace waihu::config
