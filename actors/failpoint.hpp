// Places where a test may kill the daemon, or throw in an actor: between two steps whose order decides that nobody is
// called twice, and in the middle of the actors that others rely on. Compiled in only with WAIHU_FAILPOINTS (the dev
// preset); elsewhere a call of it is nothing.
#pragma once

namespace waihu {

#ifdef WAIHU_FAILPOINTS
/// At the n-th time that the wished place is passed, ends the process at once, as kill -9 would, throws
/// std::runtime_error, or stops the process until somebody sends it SIGCONT. The wish comes from the environment,
/// WAIHU_FAILPOINT=<name>[:<n>[:throw|stop]], or from `wish_failpoint`.
void failpoint(const char* name);
/// Replaces the wish, in the form of the environment's; "" for none. For tests within one process.
void wish_failpoint(const char* wish);
#else
inline void failpoint(const char*) noexcept {}
#endif

}  // namespace waihu
