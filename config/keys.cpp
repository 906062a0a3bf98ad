#include "config/keys.hpp"

#include <algorithm>
#include <array>

namespace waihu::config {

namespace {

template <auto Section, auto Member>
auto& at(options& o) {
  return o.*Section.*Member;
}

constexpr double max_wait_ms = 3'600'000;
constexpr double week_s = 7 * 86'400;
constexpr double text_limit = 4096;

template <auto Section, auto Member>
constexpr key_spec number(std::string_view name, double least, double most, std::string_view doc) {
  return {name, &at<Section, Member>, least, most, doc, "", false, false};
}

template <auto Section, auto Member>
constexpr key_spec text(std::string_view name, std::string_view doc, std::string_view words = "") {
  return {name, &at<Section, Member>, 0, text_limit, doc, words, false, false};
}

template <auto Section, auto Member>
constexpr key_spec required_text(std::string_view name, std::string_view doc) {
  return {name, &at<Section, Member>, 1, text_limit, doc, "", true, false};
}

template <auto Section, auto Member>
constexpr key_spec secret(std::string_view name, std::string_view doc, bool required, double least = 0) {
  return {name, &at<Section, Member>, least, text_limit, doc, "", required, true};
}

template <auto Section, auto Member>
constexpr key_spec toggle(std::string_view name, std::string_view doc) {
  return {name, &at<Section, Member>, 0, 1, doc, "", false, false};
}

template <auto Section, auto Member>
constexpr key_spec list(std::string_view name, double most, std::string_view doc) {
  return {name, &at<Section, Member>, 0, most, doc, "", false, false};
}

constexpr std::array<section_spec, 13> sections{{
    {"http", "The public listener."},
    {"admin", "The listener for machines that watch this one: /metrics, /healthz, /readyz. It asks for no login."},
    {"auth", "Tokens and logins."},
    {"store", "PostgreSQL."},
    {"provider", "The voice provider."},
    {"analyst", "The language model that reads conversations."},
    {"job", "How a call is followed to its end."},
    {"dispatch", "How a task's calls are handed to the provider."},
    {"cases", "Calls to the parties of mediation cases."},
    {"supervisor", "Restarts and the sweep that finds forgotten work."},
    {"node", "This process."},
    {"cluster", "Several nodes that share one store; docs/clustering.md."},
    {"log", "Log lines."},
}};

constexpr auto http = &options::http;
constexpr auto admin = &options::admin;
constexpr auto auth = &options::auth;
constexpr auto store = &options::store;
constexpr auto provider = &options::provider;
constexpr auto analyst = &options::analyst;
constexpr auto job = &options::job;
constexpr auto dispatch = &options::dispatch;
constexpr auto cases = &options::cases;
constexpr auto supervisor = &options::supervisor;
constexpr auto node = &options::node;
constexpr auto cluster = &options::cluster;
constexpr auto logging = &options::log;

using h = http_options;
using ad = admin_options;
using au = auth_options;
using st = store_options;
using pr = provider_options;
using an = analyst_options;
using jo = job_options;
using di = dispatch_options;
using ca = cases_options;
using su = supervisor_options;
using no = node_options;
using cl = cluster_options;
using lo = log_options;

constexpr std::array keys{
    text<http, &h::listen_address>("http.listen_address", "Address to listen on; 0.0.0.0 or :: for every interface."),
    number<http, &h::port>("http.port", 0, 65'535, "Port; 0 takes any free one and tells it in the log."),
    number<http, &h::io_threads>("http.io_threads", 1, 64, "Threads that serve connections."),
    number<http, &h::body_limit_bytes>("http.body_limit_bytes", 1024, 1 << 28, "Longer request bodies answer 413."),
    number<http, &h::import_limit_bytes>("http.import_limit_bytes", 1024, 1 << 30,
                                         "The same for a file of leads to import."),
    number<http, &h::max_connections>("http.max_connections", 1, 1'000'000,
                                      "Connections at once; further ones are answered 503 and closed."),
    number<http, &h::max_outstanding>("http.max_outstanding", 1, 1'000'000,
                                      "Requests being worked on at once; above it 503."),
    number<http, &h::header_timeout>("http.header_timeout_ms", 100, max_wait_ms, "Time to send a request's header."),
    number<http, &h::body_timeout>("http.body_timeout_ms", 100, max_wait_ms, "Time to send a request's body."),
    number<http, &h::idle_timeout>("http.idle_timeout_ms", 100, max_wait_ms,
                                   "A kept-alive connection without requests is closed after it."),
    number<http, &h::request_timeout>("http.request_timeout_ms", 100, max_wait_ms,
                                      "Time for an answer from inside; 503 after it."),
    number<http, &h::start_budget>("http.start_budget_ms", 0, 60'000,
                                   "start-call-task waits so long for first acknowledgements."),
    number<http, &h::refresh_budget>("http.refresh_budget_ms", 0, 60'000,
                                     "query-task-execution waits so long for fresh states of calls."),
    number<http, &h::refresh_max_age>("http.refresh_max_age_ms", 0, max_wait_ms,
                                      "States older than this are asked for again when a page is read."),
    number<http, &h::event_heartbeat>("http.event_heartbeat_ms", 100, 600'000,
                                      "Distance of the comment lines that keep an event stream open."),
    number<http, &h::event_queue_limit>("http.event_queue_limit", 1, 1'000'000,
                                        "Events waiting for one subscriber; beyond it the stream ends resumably."),
    list<http, &h::cors_origins>("http.cors_origins", 64,
                                 "Origins (scheme://host[:port]) whose pages may call the API; \"*\" is refused."),
    text<http, &h::tls_certificate>("http.tls_certificate",
                                    "PEM file with the certificate and its chain; empty: plain HTTP. Read again on "
                                    "SIGHUP."),
    text<http, &h::tls_key>("http.tls_key", "PEM file with the certificate's private key."),
    list<http, &h::trusted_proxies>("http.trusted_proxies", 64,
                                    "Addresses or networks (10.0.0.0/8) of proxies that may say whom they speak for."),
    text<http, &h::proxy_header>("http.proxy_header",
                                 "How trusted proxies say it: the X-Forwarded-For header, or the PROXY protocol.",
                                 "forwarded_for|proxy_protocol"),
    text<http, &h::web_root>(
        "http.web_root", "Folder with the built console (web/dist), for work on it; empty: the one in the program."),

    text<admin, &ad::listen_address>("admin.listen_address", "Address to listen on; empty: no such listener."),
    number<admin, &ad::port>("admin.port", 0, 65'535, "Port; 0 takes any free one and tells it in the log."),
    number<admin, &ad::ready_max_lateness>("admin.ready_max_lateness_ms", 100, max_wait_ms,
                                           "Not ready while a look at a call is overdue for longer."),

    secret<auth, &au::jwt_secret>("auth.jwt_secret", "Key that signs access tokens; at least 32 bytes.", true, 32),
    secret<auth, &au::jwt_previous_secret>("auth.jwt_previous_secret",
                                           "The key before it: its tokens are accepted while they live.", false, 32),
    number<auth, &au::clock_skew>("auth.clock_skew_s", 0, 600, "How far the clocks of other nodes may be off."),
    number<auth, &au::token_life>("auth.token_life_s", 60, 30 * 86'400, "Life of an access token."),
    toggle<auth, &au::allow_register>("auth.allow_register", "Whether anybody may register an account."),
    number<auth, &au::login_failures>("auth.login_failures", 1, 1000,
                                      "Failed logins per account and address within the window; then 429."),
    number<auth, &au::login_window>("auth.login_window_s", 1, 86'400, "The window for login_failures."),

    secret<store, &st::url>("store.url", "Connection string or postgresql:// address; may hold a password.", true),
    number<store, &st::readers>("store.readers", 1, 16, "Reader workers, one connection each."),
    number<store, &st::queue_limit>("store.queue_limit", 100, 10'000'000,
                                    "Changes waiting to be written; beyond it requests are refused."),
    number<store, &st::read_queue_limit>("store.read_queue_limit", 10, 1'000'000, "Queries waiting for a reader."),
    number<store, &st::commit_max_changes>("store.commit_max_changes", 1, 100'000, "Changes in one transaction."),
    number<store, &st::statement_timeout>("store.statement_timeout_ms", 100, max_wait_ms, "Time for one statement."),
    number<store, &st::lock_timeout>("store.lock_timeout_ms", 100, max_wait_ms, "Time to wait for a row lock."),
    number<store, &st::connect_timeout>("store.connect_timeout_ms", 1000, 60'000, "Time to connect."),
    number<store, &st::reconnect_min>("store.reconnect_min_ms", 1, 60'000, "First wait before reconnecting; doubles"),
    number<store, &st::reconnect_max>("store.reconnect_max_ms", 1, 600'000, "up to this."),
    number<store, &st::write_tries>("store.write_tries", 1, 100, "Tries of a transaction that failed in passing."),
    text<store, &st::sslmode>("store.sslmode", "TLS to the store; empty leaves it to the url.",
                              "disable|prefer|require|verify-ca|verify-full"),
    text<store, &st::sslrootcert>("store.sslrootcert", "File of the CA that signed the store's certificate."),
    text<store, &st::sslcert>("store.sslcert", "File of our client certificate."),
    text<store, &st::sslkey>("store.sslkey", "File of its key."),

    text<provider, &pr::kind>("provider.kind", "Which provider.", "outboundbot"),
    text<provider, &pr::endpoint>("provider.endpoint", "http or https address without a path."),
    required_text<provider, &pr::instance_id>("provider.instance_id", "The instance that places the calls."),
    required_text<provider, &pr::access_key_id>("provider.access_key_id", "Id of the access key."),
    secret<provider, &pr::access_key_secret>("provider.access_key_secret", "Secret of the access key.", true),
    secret<provider, &pr::security_token>("provider.security_token", "Token of a temporary (STS) key.", false),
    text<provider, &pr::signature>("provider.signature", "How requests are signed.", "v3|v1"),
    text<provider, &pr::ca_file>("provider.ca_file", "File of further CA certificates; empty: the system's only."),
    number<provider, &pr::connections>("provider.connections", 1, 256, "Connections kept open."),
    number<provider, &pr::max_in_flight>("provider.max_in_flight", 1, 1024, "Requests at once."),
    number<provider, &pr::read_rate_per_s>("provider.read_rate_per_s", 0.1, 10'000, "Reads started, on average."),
    number<provider, &pr::write_rate_per_s>("provider.write_rate_per_s", 0.1, 10'000, "Writes started, on average."),
    number<provider, &pr::burst>("provider.burst", 1, 10'000, "Requests of each kind that may start together."),
    number<provider, &pr::queue_limit>("provider.queue_limit", 10, 10'000'000, "Requests waiting their turn."),
    number<provider, &pr::connect_timeout>("provider.connect_timeout_ms", 10, 60'000, "Time to connect, with TLS."),
    number<provider, &pr::read_deadline>("provider.read_deadline_ms", 10, 120'000, "Time for a read."),
    number<provider, &pr::write_deadline>("provider.write_deadline_ms", 10, 120'000, "Time for a write."),
    number<provider, &pr::read_tries>("provider.read_tries", 1, 20, "Tries of a read."),
    number<provider, &pr::retry_min>("provider.retry_min_ms", 1, 60'000, "First back-off; doubles, with jitter,"),
    number<provider, &pr::retry_max>("provider.retry_max_ms", 1, 600'000, "up to this."),
    number<provider, &pr::breaker_window>("provider.breaker_window", 2, 1000,
                                          "The breaker opens when half of the last so many requests failed"),
    number<provider, &pr::breaker_consecutive>("provider.breaker_consecutive", 1, 1000, "or so many in a row."),
    number<provider, &pr::breaker_open_min>("provider.breaker_open_min_ms", 1, 600'000,
                                            "First wait before an open breaker lets a probe through; doubles"),
    number<provider, &pr::breaker_open_max>("provider.breaker_open_max_ms", 1, max_wait_ms, "up to this."),
    number<provider, &pr::look_batch>("provider.look_batch", 1, 99, "Calls looked at with one request."),
    number<provider, &pr::look_linger>("provider.look_linger_ms", 0, 10'000, "Longest wait for a fuller request."),
    number<provider, &pr::answer_limit_bytes>("provider.answer_limit_bytes", 65'536, 1 << 30,
                                              "Longer answers are refused."),

    text<analyst, &an::kind>("analyst.kind", "rules works without a network; openai asks a compatible server.",
                             "rules|openai"),
    text<analyst, &an::base_url>("analyst.base_url", "Address of the server, with its path."),
    secret<analyst, &an::api_key>("analyst.api_key", "Key for the server; empty where it wants none.", false),
    text<analyst, &an::model>("analyst.model", "Name of the model."),
    text<analyst, &an::dialect>("analyst.dialect", "How this server is told not to think aloud.",
                                "dashscope|vllm|ollama|openai"),
    text<analyst, &an::response_format>("analyst.response_format", "How JSON is asked for; falls back on a 400.",
                                        "json_schema|json_object|none"),
    text<analyst, &an::extra_body_json>("analyst.extra_body_json", "JSON object merged into each request."),
    number<analyst, &an::max_tokens>("analyst.max_tokens", 16, 65'536, "Longest answer, in tokens."),
    number<analyst, &an::max_in_flight>("analyst.max_in_flight", 1, 1024, "Requests at once."),
    number<analyst, &an::per_minute>("analyst.per_minute", 1, 1'000'000, "Requests started in a minute."),
    number<analyst, &an::queue_limit>("analyst.queue_limit", 10, 10'000'000, "Conversations waiting their turn."),
    number<analyst, &an::deadline>("analyst.deadline_ms", 10, 600'000, "Time for one request."),
    number<analyst, &an::tries>("analyst.tries", 1, 20, "Tries before a person is asked to follow up."),
    number<analyst, &an::retry_delay>("analyst.retry_delay_ms", 1, max_wait_ms, "Wait between tries."),

    number<job, &jo::look_interval>("job.look_interval_ms", 10, max_wait_ms, "Between looks at a call under way."),
    number<job, &jo::look_jitter>("job.look_jitter", 0, 0.5, "Share by which the interval varies, up and down."),
    number<job, &jo::queued_look_interval>("job.queued_look_interval_ms", 10, max_wait_ms,
                                           "The same for a call that waits long in the provider's queue."),
    number<job, &jo::queued_after>("job.queued_after_s", 0, week_s, "How long \"long\" is."),
    number<job, &jo::deadline>("job.deadline_s", 1, week_s,
                               "A call without any change for so long is parked with the reason timeout."),
    number<job, &jo::max_failures>("job.max_failures", 1, 10'000,
                                   "Failed looks in a row until it is parked with the reason unreachable."),
    number<job, &jo::commit_retry>("job.commit_retry_ms", 10, max_wait_ms,
                                   "Before a result that the store could not take is offered again."),
    number<job, &jo::conversation_wait>("job.conversation_wait_s", 0, 86'400,
                                        "Longest wait for the conversation of a call that succeeded."),
    number<job, &jo::conversation_look_interval>("job.conversation_look_interval_ms", 10, max_wait_ms,
                                                 "Between looks for it."),

    number<dispatch, &di::batch_size>("dispatch.batch_size", 1, 99,
                                      "Calls handed over with one request; the vendor advises at most 25."),
    number<dispatch, &di::tries>("dispatch.tries", 1, 100, "Tries of a batch that failed in passing."),
    number<dispatch, &di::retry_delay>("dispatch.retry_delay_ms", 1, max_wait_ms, "Wait between tries, with jitter."),
    number<dispatch, &di::max_open_batches>(
        "dispatch.max_open_batches", 1, 1'000,
        "Requests of one task on their way at once, or unanswered and unexplained."),
    number<dispatch, &di::refusals_to_give_up>(
        "dispatch.refusals_to_give_up", 1, 1'000,
        "After so many refused requests, with nothing assigned, the task goes back to created."),
    number<dispatch, &di::reconcile_settle>(
        "dispatch.reconcile_settle_ms", 0, max_wait_ms,
        "Two readings of a group that must agree before anything is sent again are so far apart."),
    number<dispatch, &di::reconcile_retry>("dispatch.reconcile_retry_ms", 1, max_wait_ms,
                                           "Wait after a reading that failed."),
    number<dispatch, &di::reconcile_page_size>("dispatch.reconcile_page_size", 1, 100, "Calls on one page of it."),
    number<dispatch, &di::max_unplaced_rounds>("dispatch.max_unplaced_rounds", 1, 100,
                                               "A call not found after so many reconciliations counts as not placed."),
    number<dispatch, &di::organization_concurrency>("dispatch.organization_concurrency", 1, 10'000'000,
                                                    "Calls of one organisation at the provider at once."),
    number<dispatch, &di::account_concurrency>("dispatch.account_concurrency", 1, 10'000'000,
                                               "Calls of the whole provider account at once."),
    number<dispatch, &di::organization_calls_per_s>("dispatch.organization_calls_per_s", 0.01, 100'000,
                                                    "Calls handed over for one organisation, on average."),
    number<dispatch, &di::account_calls_per_s>("dispatch.account_calls_per_s", 0.01, 100'000,
                                               "Calls handed over for the whole account, on average."),

    list<cases, &ca::scripts>("cases.scripts", 64,
                              "Which script calls whom, \"stage.party=script id\": stage one of intent_survey, "
                              "fact_finding, material_verify, agreement, follow_up; party applicant or respondent."),
    list<cases, &ca::called_parties>("cases.called_parties", 64,
                                     "Whom a stage calls by itself, \"stage=party\"; a stage not named calls both."),
    number<cases, &ca::max_rounds>("cases.max_rounds", 1, 100, "Rounds of a person at a stage."),
    number<cases, &ca::round_interval>("cases.round_interval_s", 0, week_s,
                                       "Between the beginnings of two rounds of a person."),
    number<cases, &ca::look_interval>("cases.look_interval_ms", 10, max_wait_ms, "Between looks at a case's call."),
    number<cases, &ca::deadline>("cases.deadline_s", 1, week_s, "A call is followed so long since its first look."),
    number<cases, &ca::max_failures>("cases.max_failures", 1, 10'000,
                                     "Failed looks in a row until following a call is given up."),
    number<cases, &ca::place_budget>("cases.place_budget_ms", 0, 60'000,
                                     "call-v2 waits so long for the provider to take the calls."),
    number<cases, &ca::calls_per_group>("cases.calls_per_group", 1, 10'000,
                                        "Calls of one script that share a job group at most."),

    number<supervisor, &su::sweep_interval>("supervisor.sweep_interval_s", 1, 86'400,
                                            "Between sweeps for work that nobody does."),
    number<supervisor, &su::restart_min>("supervisor.restart_min_ms", 1, max_wait_ms,
                                         "First wait before a crashed task is started again; doubles"),
    number<supervisor, &su::restart_max>("supervisor.restart_max_ms", 1, max_wait_ms, "up to this."),
    number<supervisor, &su::quarantine_crashes>("supervisor.quarantine_crashes", 1, 1000,
                                                "A task that crashes so often"),
    number<supervisor, &su::quarantine_window>("supervisor.quarantine_window_s", 1, 86'400,
                                               "within this time is put in quarantine."),
    number<supervisor, &su::stall_timeout>("supervisor.stall_timeout_s", 1, 86'400,
                                           "A task that gives no sign of life for so long is replaced."),
    number<supervisor, &su::parked_page>("supervisor.parked_page", 1, 10'000,
                                         "Parked calls of a task that one sweep asks about again."),

    text<node, &no::name>("node.name", "Name of this node; empty: the host's."),
    number<node, &no::lease_time>("node.lease_time_ms", 1000, 600'000,
                                  "So long after its last sign another node may take over the work."),
    number<node, &no::lease_renew>("node.lease_renew_ms", 100, 300'000, "Between signs; at most half of the lease."),
    number<node, &no::drain_timeout>("node.drain_timeout_ms", 100, 600'000, "Time for an orderly stop."),
    text<node, &no::time_zone>("node.time_zone", "Time zone of times in answers and of the people called."),
    number<node, &no::worker_threads>("node.worker_threads", 0, 256, "Threads of the actors; 0: one a core."),

    toggle<cluster, &cl::enabled>("cluster.enabled", "Share the store with other nodes; off: this one works alone."),
    text<cluster, &cl::listen_address>("cluster.listen_address", "Address on which other nodes reach this one."),
    number<cluster, &cl::port>("cluster.port", 0, 65'535, "Port for other nodes; 0 takes any free one."),
    text<cluster, &cl::advertise_address>("cluster.advertise_address",
                                          "Address that other nodes are told; empty: cluster.listen_address."),
    text<cluster, &cl::certificate>("cluster.certificate", "PEM file with this node's certificate."),
    text<cluster, &cl::key>("cluster.key", "PEM file with the certificate's private key."),
    text<cluster, &cl::ca>("cluster.ca", "PEM file with the private CA that signed every node's certificate."),
    number<cluster, &cl::heartbeat>("cluster.heartbeat_ms", 100, 60'000, "Between signs on a silent link."),
    number<cluster, &cl::link_timeout>("cluster.link_timeout_ms", 500, 600'000,
                                       "A link without a sign for so long is cut; the same on every node."),
    number<cluster, &cl::ask_timeout>("cluster.ask_timeout_ms", 50, 60'000,
                                      "Time for another node's answer; then the store answers, marked stale."),
    number<cluster, &cl::clock_tolerance>(
        "cluster.clock_tolerance_ms", 100, 600'000,
        "A clock further from the store's is complained of, and the store's is used."),
    number<cluster, &cl::moves_at_once>("cluster.moves_at_once", 1, 256, "Shards handed over at the same time."),

    text<logging, &lo::format>("log.format", "Form of a line.", "text|json"),
    text<logging, &lo::level>("log.level", "Least weight that is written.", "trace|debug|info|warn|error|off"),
    list<logging, &lo::components>("log.components", 64, "Levels of single components, \"dispatch=debug\"."),
    text<logging, &lo::file>("log.file", "File to write to; empty: standard error."),
};

}  // namespace

std::span<const section_spec> all_sections() noexcept { return sections; }
std::span<const key_spec> all_keys() noexcept { return keys; }

const key_spec* find_key(std::string_view name) noexcept {
  const auto* const found = std::find_if(keys.begin(), keys.end(), [&](const key_spec& k) { return k.name == name; });
  return found == keys.end() ? nullptr : found;
}

std::string_view section_of(std::string_view key) noexcept { return key.substr(0, key.find('.')); }

std::string_view short_name(std::string_view key) noexcept {
  const auto dot = key.find('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

std::string_view unit_of(const key_spec& key) noexcept {
  if (key.name.ends_with("_per_s")) return "per second";
  if (key.name.ends_with("per_minute")) return "per minute";
  if (key.name.ends_with("_ms")) return "ms";
  if (key.name.ends_with("_s")) return "s";
  if (key.name.ends_with("_bytes")) return "bytes";
  return "";
}

std::string_view type_name(const key_spec& key) noexcept {
  constexpr std::array<std::string_view, 8> names{"text",    "true or false", "integer", "integer",
                                                  "integer", "number",        "number",  "list of texts"};
  return names[key.target.index()];
}

std::string environment_name(std::string_view key) {
  std::string name = "WAIHU_";
  for (const char c : key) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

}  // namespace waihu::config
