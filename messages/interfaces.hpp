// Every typed actor handle of Waihu, one comment a message. Payloads that never leave the process travel as they are
// (CAF's "unsafe" message types); what crosses nodes later gets an inspect overload beside its record.
#pragma once

#include <any>
#include <atomic>
#include <caf/all.hpp>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "messages/http_messages.hpp"
#include "messages/model/analysis.hpp"
#include "messages/model/changes.hpp"
#include "messages/model/failure.hpp"
#include "messages/model/gate.hpp"
#include "messages/model/queries.hpp"
#include "messages/model/voice.hpp"

namespace waihu {

class voice_provider;

using commit_atom = caf::atom_constant<caf::atom("commit")>;
using query_atom = caf::atom_constant<caf::atom("query")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using look_atom = caf::atom_constant<caf::atom("look")>;
using looked_atom = caf::atom_constant<caf::atom("looked")>;
using call_atom = caf::atom_constant<caf::atom("call")>;
using flush_atom = caf::atom_constant<caf::atom("flush")>;
using analyse_atom = caf::atom_constant<caf::atom("analyse")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using report_atom = caf::atom_constant<caf::atom("report")>;
using forget_atom = caf::atom_constant<caf::atom("forget")>;
using wake_atom = caf::atom_constant<caf::atom("wake")>;
using arm_atom = caf::atom_constant<caf::atom("arm")>;
using note_atom = caf::atom_constant<caf::atom("note")>;
using view_atom = caf::atom_constant<caf::atom("view")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using crash_atom = caf::atom_constant<caf::atom("crash")>;
using follow_atom = caf::atom_constant<caf::atom("follow")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using switch_atom = caf::atom_constant<caf::atom("switch")>;
using refresh_atom = caf::atom_constant<caf::atom("refresh")>;
using diagnose_atom = caf::atom_constant<caf::atom("diagnose")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using sweep_atom = caf::atom_constant<caf::atom("sweep")>;
using drain_atom = caf::atom_constant<caf::atom("drain")>;
using ensure_atom = caf::atom_constant<caf::atom("ensure")>;
using changed_atom = caf::atom_constant<caf::atom("changed")>;
using find_atom = caf::atom_constant<caf::atom("find")>;
using publish_atom = caf::atom_constant<caf::atom("publish")>;
using join_atom = caf::atom_constant<caf::atom("join")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;
using record_atom = caf::atom_constant<caf::atom("recording")>;
using explain_atom = caf::atom_constant<caf::atom("explain")>;
using auto_atom = caf::atom_constant<caf::atom("auto")>;
using run_atom = caf::atom_constant<caf::atom("run")>;
using place_atom = caf::atom_constant<caf::atom("place")>;
using held_atom = caf::atom_constant<caf::atom("held")>;
using owned_atom = caf::atom_constant<caf::atom("owned")>;
using hand_atom = caf::atom_constant<caf::atom("hand")>;
using tend_atom = caf::atom_constant<caf::atom("tend")>;

// --- payloads ----------------------------------------------------------------------------------------------------

using change_ptr = std::shared_ptr<const store_change>;
using query_ptr = std::shared_ptr<const store_query>;
using change_answer = result<change_receipt>;
using query_answer = result<std::any>;

/// Where somebody outside the actor system waits for an answer: called once, by any thread.
template <class T>
using answer_to = std::shared_ptr<const completion<T>>;

/// A packed commit on its way to the worker, and what became of it.
struct change_pack {
  std::vector<change_ptr> changes;
};
struct change_report {
  std::vector<change_answer> answers;  ///< One a change, in order.
  std::vector<event_record> events;    ///< What the commit made known.
};
using event_pack = std::shared_ptr<const std::vector<event_record>>;

/// One provider call other than a look. `invoke` runs on the gateway's turn and hands its result over from any thread.
struct provider_call {
  const char* operation{};    ///< For logs and metrics, e.g. "AssignJobs".
  bool write{};               ///< Writes are repeated only when surely not received.
  bool repeat{true};          ///< False: the asker repeats it himself, under his own rules.
  milliseconds wait_limit{};  ///< Not sent any more after waiting so long in the gateway; 0 = no limit.
  /// Where given: not sent any more once it answers false (`overloaded`, surely not received). Any thread.
  std::function<bool()> permit;
  /// Where given: asked when its turn has come. 0: it leaves now; else when to ask again. On the gateway's turn.
  std::function<milliseconds(steady_time)> admit;
  std::function<void(voice_provider&, milliseconds, completion<std::any>)> invoke;
};
using provider_call_ptr = std::shared_ptr<const provider_call>;
using provider_answer = result<std::any>;
using look_answer = std::shared_ptr<const result<job_snapshot>>;

/// What the task keeps of each of its jobs; a job reports it whenever it changes.
struct job_report {
  std::uint32_t index{};  ///< The job's dense number within the task.
  job_phase phase{};
  call_status status{};
  parked_reason parked{};
  bool has_job_id{};
  bool followed{};
  bool awaiting_conversation{};
  bool retired{};  ///< The job is closed and its actor has left.
  std::optional<interest> is_interested;
  std::string call_job_id;  ///< Only with the first report after the acknowledgement.
};

/// What a task tells one of its jobs.
struct job_note {
  enum class what : std::uint8_t { intended, returned, acknowledged, unplaced, suspended, resumed, swept, woken };
  what kind{};
  batch_id batch{};
  std::string call_job_id;                       ///< With `acknowledged`.
  std::shared_ptr<const job_snapshot> snapshot;  ///< With `acknowledged`, when a look came along.
  steady_time due{};                             ///< With `woken`: the time that the job had asked for.
};

/// Somebody wants a job's newest state (query-task-execution).
struct view_request {
  milliseconds max_age{};  ///< Older looks are repeated first; 0 = look whatever its age.
  bool at_once{};          ///< Answer with what is known, however old.
};
struct job_view_answer {
  live_job live;
  bool terminal{};  ///< Settled and committed: the store has it.
  bool changed{};   ///< This request settled it.
  bool stale{};     ///< No newer look could be had within the budget.
  std::string error;
};

/// What a follow-up tells its parent.
namespace follow_up_news {
/// Wake me then; replaces an earlier wish.
struct wake_in {
  milliseconds delay{};
};
/// It has begun or ended to wait for the conversation.
struct awaits_conversation {
  bool waits{};
};
/// It is durable, or was given up for good.
struct ended {
  follow_id follow{};
  std::string remark;
  interest is_interested{};
  std::optional<wall_time> next_follow_time;
  bool stopped{};  ///< It could not be written because the shard is not ours any more.
};
/// It died of an exception.
struct crashed {
  std::string what;
};
}  // namespace follow_up_news

using follow_up_report = std::variant<follow_up_news::wake_in, follow_up_news::awaits_conversation,
                                      follow_up_news::ended, follow_up_news::crashed>;

// --- handles -----------------------------------------------------------------------------------------------------

/// Makes changes durable in groups.
using store_writer = caf::typed_actor<
    // Commit this change; answered once it is durable or refused. `overloaded` when the queue is full.
    caf::replies_to<commit_atom, change_ptr>::with<change_answer>,
    // Commit what is queued, then answer (ordered stop).
    caf::replies_to<drain_atom>::with<bool>>;

/// Holds one store session and blocks on it; detached.
using store_worker = caf::typed_actor<
    // Commit a pack.
    caf::replies_to<commit_atom, std::shared_ptr<change_pack>>::with<std::shared_ptr<change_report>>,
    // Run a query. Where somebody waits outside he is handed the answer, and the reply is the answer without its value.
    caf::replies_to<query_atom, query_ptr, answer_to<std::any>>::with<query_answer>>;

/// Hands queries to idle reader workers; bounded.
using store_reader =
    caf::typed_actor<caf::replies_to<query_atom, query_ptr>::with<query_answer>,
                     // Asked from outside: the worker hands the answer over itself, which spares two changes of thread.
                     caf::reacts_to<query_atom, query_ptr, answer_to<std::any>>>;

/// Whoever looks at jobs.
using look_client = caf::typed_actor<
    // A look was answered.
    caf::reacts_to<looked_atom, look_answer>>;

/// The door to the provider: rate, in-flight bound, breaker, retries, look coalescing.
using provider_gateway = caf::typed_actor<
    // Look at this provider job and tell the client. The time is when the look was due.
    caf::reacts_to<look_atom, std::string, look_client, steady_time>,
    // Make a call; answered when it is over.
    caf::replies_to<call_atom, provider_call_ptr>::with<provider_answer>,
    // A call is over (from the client's threads).
    caf::reacts_to<done_atom, std::uint64_t, std::shared_ptr<provider_answer>>,
    // Time to send what waits.
    caf::reacts_to<flush_atom>>;

/// Understands conversations, a few at a time.
using analyst =
    caf::typed_actor<caf::replies_to<analyse_atom, std::shared_ptr<const analysis_request>>::with<result<analysis>>,
                     caf::reacts_to<done_atom, std::uint64_t, std::shared_ptr<result<analysis>>>,
                     caf::reacts_to<flush_atom>>;

/// Decides which task may send how many jobs now.
using dispatch_gate = caf::typed_actor<
    // May so many go?
    caf::replies_to<ask_atom, gate_request>::with<gate_answer>,
    // So many of this task are at the provider now.
    caf::reacts_to<report_atom, std::string, task_id, std::uint64_t>,
    // This task is gone here.
    caf::reacts_to<forget_atom, task_id>,
    // Of a cluster: time to ask for this node's shares of the limits.
    caf::reacts_to<tick_atom>>;

/// Parent of a follow-up. One message with all its news: a call job is one, and each kind of message costs each of
/// 200,000 jobs 40 bytes.
using follow_up_parent = caf::typed_actor<caf::reacts_to<follow_atom, follow_up_report>>;

using follow_up = caf::typed_actor<caf::reacts_to<looked_atom, look_answer>, caf::reacts_to<wake_atom>>;

/// One lead's call.
using call_job = caf::typed_actor<caf::reacts_to<looked_atom, look_answer>,
                                  // News from the task; among them that the time has come that was asked for.
                                  caf::reacts_to<note_atom, job_note>,
                                  // The newest known state, looked at first if too old.
                                  caf::replies_to<view_atom, view_request>::with<job_view_answer>,
                                  caf::reacts_to<follow_atom, follow_up_report>,
                                  // Store what a restart needs and leave; answered when that is durable.
                                  caf::replies_to<drain_atom>::with<bool>>;

/// One campaign.
using call_task =
    caf::typed_actor<caf::replies_to<start_atom, start_call_task>::with<result<started_call_task>>,
                     caf::replies_to<switch_atom, suspend_resume_task>::with<result<suspended_resumed_task>>,
                     caf::replies_to<refresh_atom, refresh_jobs>::with<result<refreshed_jobs>>,
                     caf::replies_to<diagnose_atom>::with<diagnosed_task>,
                     caf::replies_to<explain_atom, job_row_id>::with<result<explained_job>>,
                     // Case calls joined the task, or somebody waits for some: answered when the provider has them.
                     caf::replies_to<place_atom, await_case_calls>::with<result<bool>>,
                     // A job's summary changed.
                     caf::reacts_to<report_atom, job_report>,
                     // A job wants to be woken in so many milliseconds; negative = not at all.
                     caf::reacts_to<arm_atom, std::uint32_t, std::int64_t>,
                     // A job died of an exception.
                     caf::reacts_to<crash_atom, std::uint32_t, std::string>,
                     // The wheel's tick.
                     caf::reacts_to<tick_atom>, caf::replies_to<ping_atom>::with<bool>,
                     // The supervisor's sweep: parked jobs ask again, repairs are made. With it the task_type that the
                     // store has; 0 when it does not list the task among the unfinished.
                     caf::reacts_to<sweep_atom, int>,
                     // Store what a restart needs and leave; answered when that is durable.
                     caf::replies_to<drain_atom>::with<bool>>;

/// Which task runs where.
using registry =
    caf::typed_actor<caf::reacts_to<publish_atom, task_id, call_task>, caf::reacts_to<forget_atom, task_id>,
                     // The live actor of a task; not_found when it has none.
                     caf::replies_to<find_atom, task_id>::with<result<call_task>>>;

/// What the supervisor knows of a task.
struct supervised_view {
  bool live{};
  bool quarantined{};
  int crashes{};
  std::optional<wall_time> restarts_at;  ///< It has no actor and gets one then.
  std::string last_error;
};

/// Tasks that somebody else changed in the store.
using task_news = std::shared_ptr<const std::vector<task_id>>;

/// What a node of a cluster owns, as the store has just confirmed.
struct owned_news {
  owned_shards epochs{};   ///< By shard; 0 = another's or nobody's.
  shard_set handing;       ///< Those of them that are on their way to another node.
  steady_time good_until;  ///< Without further news nothing is this node's after it.
};
using owned_news_ptr = std::shared_ptr<const owned_news>;
using shard_list = std::shared_ptr<const std::vector<shard_id>>;

/// Starts, watches and restarts task actors.
using supervisor = caf::typed_actor<
    // A live actor for this task, started if need be; refused while quarantined.
    caf::replies_to<ensure_atom, task_id>::with<result<call_task>>,
    caf::replies_to<view_atom, task_id>::with<supervised_view>,
    // These were changed past this node: those that want an actor and have none get one.
    caf::reacts_to<changed_atom, task_news>,
    // An actor for a suspend or resume, also while the organisation is switched off: it follows no call then.
    caf::replies_to<ensure_atom, held_atom, task_id>::with<result<call_task>>,
    // Switch an organisation; answered once that is durable and its tasks have left.
    caf::replies_to<auto_atom, switch_automation>::with<result<automation_state>>,
    caf::replies_to<auto_atom, automation_view>::with<result<automation_state>>,
    // Of a cluster: which shards are this node's. Tasks of others end at once, those of new ones are loaded.
    // Answered when that is so.
    caf::replies_to<owned_atom, owned_news_ptr>::with<bool>,
    // Let the tasks of these shards store what a restart needs and leave, and start no more; answered when they have.
    caf::replies_to<hand_atom, shard_list>::with<bool>,
    // Sweep now (also its own timer, and when such news may have been missed).
    caf::reacts_to<sweep_atom>, caf::reacts_to<tick_atom>,
    // Hand everything over to the store and stop; answered when all tasks have left.
    caf::replies_to<drain_atom>::with<bool>>;

/// Holds this node's leases of shards.
using cluster_keeper = caf::typed_actor<
    // Look at the store now: another node has told of a change.
    caf::reacts_to<tend_atom>,
    // Its own timer, with the number of the wish; only the newest counts.
    caf::reacts_to<tend_atom, std::uint64_t>,
    // Hand everything over and leave; answered when nothing is this node's any more.
    caf::replies_to<drain_atom>::with<bool>>;

/// What another node may be asked; it answers from its own actors, never by asking on.
using remote_question = std::variant<start_call_task, suspend_resume_task, refresh_jobs, make_follow_up, diagnose_task,
                                     fetch_recording, explain_job, describe_task, start_run, await_case_calls,
                                     switch_automation, automation_view, sweep_now, tell_progress_elsewhere>;
using remote_question_ptr = std::shared_ptr<const remote_question>;

/// Links to the other nodes.
using peer_links = caf::typed_actor<
    // Ask a node by its name. Answers with the value that the question's answer has on this node (held in the any), or
    // `unavailable` when the node cannot be reached and surely has not begun, `lost` when it may have.
    caf::reacts_to<ask_atom, std::string, remote_question_ptr, answer_to<std::any>>,
    // Look at who is there and mend the links (its own timer).
    caf::reacts_to<tick_atom>>;

using subscription_ptr = std::shared_ptr<const event_subscription>;

/// Tells subscribers what happened.
using event_hub = caf::typed_actor<
    // Events that have just become durable, oldest first.
    caf::reacts_to<publish_atom, event_pack>,
    // Subscribe; answered with a token once it stands. What was published before is not told.
    caf::replies_to<join_atom, subscription_ptr>::with<result<std::uint64_t>>,
    caf::reacts_to<leave_atom, std::uint64_t>>;

/// Reads what any node of the cluster has made durable and hands it to this node's event hub.
using event_tail = caf::typed_actor<caf::reacts_to<tick_atom>>;

/// Passes over all calls of a task: one at a time a task, each batch a refresh by the task's actor. Those that a stop
/// or crash cut short go on at start.
using execution_runs = caf::typed_actor<caf::replies_to<run_atom, start_run>::with<result<run_record>>,
                                        // Time to look for runs that were cut short, to store how far one has
                                        // come, and for one's next batch.
                                        caf::reacts_to<run_atom>, caf::reacts_to<run_atom, std::string>,
                                        caf::reacts_to<tick_atom, std::string>>;

/// Requests of the HTTP side with their callbacks, and of other nodes; never blocks an io thread.
using http_gateway = caf::typed_actor<
    caf::reacts_to<start_atom, start_call_task, answer_to<started_call_task>>,
    caf::reacts_to<switch_atom, suspend_resume_task, answer_to<suspended_resumed_task>>,
    caf::reacts_to<refresh_atom, refresh_jobs, answer_to<refreshed_jobs>>,
    caf::reacts_to<follow_atom, make_follow_up, answer_to<made_follow_up>>,
    caf::reacts_to<diagnose_atom, diagnose_task, answer_to<diagnosed_task>>,
    caf::reacts_to<record_atom, fetch_recording, answer_to<std::string>>,
    caf::reacts_to<explain_atom, explain_job, answer_to<explained_job>>,
    // What the task's live actor shows, wherever it lives; not_found when it has none.
    caf::reacts_to<view_atom, describe_task, answer_to<described_task>>,
    caf::reacts_to<auto_atom, switch_automation, answer_to<automation_state>>,
    caf::reacts_to<auto_atom, automation_view, answer_to<automation_state>>,
    // Progress of another node's task.
    caf::reacts_to<publish_atom, tell_progress_elsewhere, answer_to<bool>>, caf::reacts_to<sweep_atom, answer_to<bool>>,
    caf::reacts_to<run_atom, start_run, answer_to<run_record>>,
    caf::reacts_to<place_atom, await_case_calls, answer_to<bool>>,
    caf::reacts_to<place_atom, cancel_case_call, answer_to<bool>>,
    caf::reacts_to<join_atom, subscription_ptr, answer_to<std::uint64_t>>, caf::reacts_to<leave_atom, std::uint64_t>>;

}  // namespace waihu

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::owned_news_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::shard_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::remote_question_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::tell_progress_elsewhere)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::steady_time)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::change_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::query_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::change_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::query_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<waihu::change_pack>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<waihu::change_report>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::event_pack)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::provider_call_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<waihu::provider_answer>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::look_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::job_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::job_note)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::view_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::job_view_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::follow_up_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const waihu::analysis_request>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::analysis>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<waihu::result<waihu::analysis>>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::gate_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::gate_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::start_call_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::started_call_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::suspend_resume_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::suspended_resumed_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::refresh_jobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::refreshed_jobs>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::diagnose_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::diagnosed_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::describe_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::described_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::make_follow_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::fetch_recording)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::call_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::supervised_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::task_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::subscription_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<std::uint64_t>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::completion<waihu::made_follow_up>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<std::any>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::started_call_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::suspended_resumed_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::refreshed_jobs>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::made_follow_up>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::diagnosed_task>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<std::string>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::explain_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::explained_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::explained_job>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::switch_automation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::automation_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::automation_state>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::automation_state>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::start_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<waihu::run_record>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<waihu::run_record>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::await_case_calls)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::cancel_case_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::result<bool>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<bool>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waihu::answer_to<std::uint64_t>)
