// Runs an io_context on a thread and turns completions into futures with a bound.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "messages/model/failure.hpp"

namespace waihu::testing {

/// An io_context on its own thread for the life of the object.
class running_io {
 public:
  running_io() : work_(io.get_executor()), thread_([this] { io.run(); }) {}
  ~running_io() {
    work_.reset();
    io.stop();
    thread_.join();
  }
  boost::asio::io_context io;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// Waits for the completion that `start` is given; a missing one fails the test, a second one throws in set_value.
template <class T, class Start>
result<T> outcome_of(Start start) {
  auto promise = std::make_shared<std::promise<result<T>>>();
  auto future = promise->get_future();
  start(completion<T>([promise](result<T> outcome) { promise->set_value(std::move(outcome)); }));
  if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
    ADD_FAILURE() << "no completion";
    return fail(errc::internal, "no completion");
  }
  return future.get();
}

}  // namespace waihu::testing
