// The coroutine type of request handlers, and the little they need to know of the threads below: a reactor that runs
// things later on the session's strand. Knows neither asio nor Beast, so that handlers compile without them.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "messages/model/failure.hpp"
#include "messages/model/time.hpp"

namespace waihu::http {

/// Runs things on one session's strand. Thread-safe; outlives everything posted to it.
class reactor {
 public:
  virtual ~reactor() = default;
  /// Runs `f` later on the strand, never inline.
  virtual void post(std::function<void()> f) = 0;
  /// Runs `f` on the strand after `delay`, unless the answered token dies first (drop it on the strand).
  virtual std::shared_ptr<void> post_after(milliseconds delay, std::function<void()> f) = 0;
};

/// A lazily started coroutine that answers one T. Owns its frame. Single-threaded: started, resumed and destroyed on
/// one strand.
template <class T>
class [[nodiscard]] async {
 public:
  struct promise_type {
    std::optional<T> answer;
    std::exception_ptr error;
    std::coroutine_handle<> waiter;
    bool is_starting{false};  ///< Its waiter has just begun to wait and looks for itself.
    bool is_done{false};
    std::function<void()> on_done;

    async get_return_object() { return async{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct last_step {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        auto& p = h.promise();
        p.is_done = true;
        if (p.waiter) {
          if (!p.is_starting) p.waiter.resume();
        } else if (auto done = std::move(p.on_done)) {
          done();
        }
      }
      void await_resume() noexcept {}
    };
    last_step final_suspend() noexcept { return {}; }
    void return_value(T value) { answer.emplace(std::move(value)); }
    void unhandled_exception() { error = std::current_exception(); }
  };

  explicit async(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
  async(async&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  async& operator=(async&&) = delete;
  ~async() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  /// Does not hand over by symmetric transfer: the compiler makes that a tail call only when it optimises, and a loop
  /// over coroutines that need not wait would eat the stack.
  bool await_suspend(std::coroutine_handle<> waiter) {
    auto& p = handle_.promise();
    p.waiter = waiter;
    p.is_starting = true;
    handle_.resume();
    p.is_starting = false;
    return !p.is_done;
  }
  T await_resume() { return take(); }

  /// Starts it from outside any coroutine; `done` is called on the strand once `take` may be called (maybe inline).
  void start(std::function<void()> done) {  // NOLINT(performance-unnecessary-value-param): it is moved
    handle_.promise().on_done = std::move(done);
    handle_.resume();
  }
  /// The answer, once done. Rethrows what escaped the coroutine.
  T take() {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return std::move(*handle_.promise().answer);
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

/// How many questions are inside the actor system now. Shared by all sessions.
using outstanding_count = std::shared_ptr<std::atomic<int>>;

/// One question to something asynchronous that answers through a completion on any thread. Resumes on the strand with
/// the answer, or with timed_out after `patience`; a later answer is dropped.
template <class T>
class pending {
 public:
  using initiator = std::function<void(completion<T>)>;

  pending(std::shared_ptr<reactor> where, milliseconds patience, outstanding_count outstanding, initiator ask)
      : where_(std::move(where)), patience_(patience), outstanding_(std::move(outstanding)), ask_(std::move(ask)) {}
  pending(pending&&) noexcept = default;
  pending(const pending&) = delete;
  pending& operator=(const pending&) = delete;
  pending& operator=(pending&&) = delete;
  ~pending() {
    if (state_) state_->waiter = {};
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    state_ = std::make_shared<state>();
    state_->waiter = waiter;
    state_->timer =
        where_->post_after(patience_, [s = state_] { settle(*s, fail(errc::timed_out, "no answer in time")); });
    auto inside = std::make_shared<ticket>(outstanding_);
    ask_([s = state_, where = where_, inside](result<T> answer) mutable {
      inside.reset();
      auto kept = std::make_shared<result<T>>(std::move(answer));
      where->post([s = std::move(s), kept = std::move(kept)] { settle(*s, std::move(*kept)); });
    });
  }
  result<T> await_resume() { return std::move(*state_->answer); }

 private:
  struct ticket {
    explicit ticket(outstanding_count c) : count(std::move(c)) { count->fetch_add(1, std::memory_order_relaxed); }
    ~ticket() { count->fetch_sub(1, std::memory_order_relaxed); }
    ticket(const ticket&) = delete;
    ticket& operator=(const ticket&) = delete;
    outstanding_count count;
  };
  struct state {
    std::optional<result<T>> answer;
    std::coroutine_handle<> waiter;
    std::shared_ptr<void> timer;
  };
  static void settle(state& s, result<T> answer) {
    if (s.answer) return;
    s.answer.emplace(std::move(answer));
    s.timer.reset();
    if (auto waiter = std::exchange(s.waiter, {})) waiter.resume();
  }

  std::shared_ptr<reactor> where_;
  milliseconds patience_;
  outstanding_count outstanding_;
  initiator ask_;
  std::shared_ptr<state> state_;
};

/// Many questions, `at_once` of them under way at any time; resumes when all are answered or `patience` is over. What
/// is not answered by then is timed_out, and what was not asked by then is never asked.
template <class T>
class pending_all {
 public:
  using initiator = typename pending<T>::initiator;

  pending_all(std::shared_ptr<reactor> where, milliseconds patience, std::size_t at_once, std::vector<initiator> asks)
      : where_(std::move(where)), patience_(patience), at_once_(at_once), asks_(std::move(asks)) {}
  pending_all(pending_all&&) noexcept = default;
  pending_all(const pending_all&) = delete;
  pending_all& operator=(const pending_all&) = delete;
  pending_all& operator=(pending_all&&) = delete;
  ~pending_all() {
    if (!state_) return;
    state_->waiter = {};
    state_->asks.clear();
  }

  bool await_ready() const noexcept { return asks_.empty(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    state_ = std::make_shared<state>();
    state_->waiter = waiter;
    state_->asks = std::move(asks_);
    state_->missing = state_->asks.size();
    state_->answers.reserve(state_->asks.size());
    for (std::size_t i = 0; i < state_->asks.size(); ++i)
      state_->answers.push_back(fail(errc::timed_out, "no answer in time"));
    state_->timer = where_->post_after(patience_, [s = state_] { finish(*s); });
    for (std::size_t i = 0; i < at_once_; ++i) ask_next(state_, where_);
  }
  std::vector<result<T>> await_resume() {
    if (!state_) return {};
    return std::move(state_->answers);
  }

 private:
  struct state {
    std::vector<initiator> asks;  ///< Emptied when it is over.
    std::size_t next{};           ///< The first that has not been asked.
    std::vector<result<T>> answers;
    std::size_t missing{};
    bool finished{};
    std::coroutine_handle<> waiter;
    std::shared_ptr<void> timer;
  };
  static void ask_next(const std::shared_ptr<state>& s, const std::shared_ptr<reactor>& where) {
    if (s->next >= s->asks.size()) return;
    const auto i = s->next++;
    s->asks[i]([s, where, i](result<T> answer) {
      auto kept = std::make_shared<result<T>>(std::move(answer));
      where->post([s, where, kept, i] {
        if (s->finished) return;
        s->answers[i] = std::move(*kept);
        if (--s->missing == 0) return finish(*s);
        ask_next(s, where);
      });
    });
  }
  static void finish(state& s) {
    if (std::exchange(s.finished, true)) return;
    s.timer.reset();
    s.asks.clear();
    if (auto waiter = std::exchange(s.waiter, {})) waiter.resume();
  }

  std::shared_ptr<reactor> where_;
  milliseconds patience_;
  std::size_t at_once_;
  std::vector<initiator> asks_;
  std::shared_ptr<state> state_;
};

/// Lets one coroutine wait on its strand until somebody, on any thread, raises it, or a time has passed. A copy is
/// another handle to the same alarm.
class alarm {
  struct state {
    std::shared_ptr<reactor> where;
    std::atomic<bool> posted{false};
    bool raised{false};
    std::coroutine_handle<> waiter;
    std::shared_ptr<void> timer;
  };

 public:
  explicit alarm(std::shared_ptr<reactor> where) : state_(std::make_shared<state>()) {
    state_->where = std::move(where);
  }

  /// Wakes the waiter, or makes the next wait return at once. Any thread.
  void raise() const {
    if (state_->posted.exchange(true)) return;
    state_->where->post([s = state_] {
      s->posted = false;
      s->raised = true;
      wake(*s);
    });
  }

  /// What `co_await an_alarm.wait(...)` waits on; answers true when raised, false when the time passed.
  class wait_step {
   public:
    wait_step(std::shared_ptr<state> s, milliseconds patience) : state_(std::move(s)), patience_(patience) {}
    wait_step(const wait_step&) = delete;
    wait_step& operator=(const wait_step&) = delete;
    ~wait_step() {
      state_->timer.reset();
      state_->waiter = {};
    }
    bool await_ready() const noexcept { return state_->raised; }
    void await_suspend(std::coroutine_handle<> waiter) {
      state_->waiter = waiter;
      state_->timer = state_->where->post_after(patience_, [s = state_] { wake(*s); });
    }
    bool await_resume() noexcept {
      state_->timer.reset();
      return std::exchange(state_->raised, false);
    }

   private:
    std::shared_ptr<state> state_;
    milliseconds patience_;
  };
  wait_step wait(milliseconds patience) const { return wait_step(state_, patience); }

 private:
  static void wake(state& s) {
    if (auto waiter = std::exchange(s.waiter, {})) waiter.resume();
  }
  std::shared_ptr<state> state_;
};

}  // namespace waihu::http
