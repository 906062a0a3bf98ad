# waihuctl. Only http_connection.cpp sees Beast, only judge_command.cpp Asio besides, only command_line.cpp CLI11. The commands are a library so that tests
# can reach them; `setup` alone needs the store and the password hashing, `judge` alone the analysts.
add_library(waihu_ctl STATIC
  ctl/account_commands.cpp
  ctl/api_client.cpp
  ctl/catalogue_commands.cpp
  ctl/command_support.cpp
  ctl/credentials.cpp
  ctl/display_text.cpp
  ctl/event_bell.cpp
  ctl/http_connection.cpp
  ctl/judgement_report.cpp
  ctl/result_commands.cpp
  ctl/table.cpp
  ctl/task_progress.cpp
  ctl/task_results.cpp
  ctl/watch_command.cpp)
add_library(waihu::ctl ALIAS waihu_ctl)
target_link_libraries(waihu_ctl PUBLIC
  waihu_build_flags waihu::model waihu::provider waihu::telemetry OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

add_executable(waihuctl waihuctl.cpp ctl/cluster_commands.cpp ctl/command_line.cpp ctl/judge_command.cpp ctl/setup_commands.cpp)
target_link_libraries(waihuctl PRIVATE waihu::ctl waihu::config waihu::persistence waihu::http)
waihu_unoptimised(waihu_ctl waihuctl)
waihu_batches(waihu_ctl 5)
