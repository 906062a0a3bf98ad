/* Preloaded into a daemon, this lets its calendar clock jump: the file that WAIHU_CLOCK_FILE names holds the seconds that
 * are added, as a 64-bit number that may change at any time. The monotonic clock is left alone. Asks the kernel directly,
 * so that it works before and beside a sanitizer's runtime. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t none;
static volatile int64_t* ahead_s = &none;

__attribute__((constructor)) static void open_file(void) {
  const char* name = getenv("WAIHU_CLOCK_FILE");
  const int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* at = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (at != MAP_FAILED) ahead_s = at;
}

static int is_calendar(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t clock, struct timespec* out) {
  const int failed = (int)syscall(SYS_clock_gettime, clock, out);
  if (!failed && is_calendar(clock)) out->tv_sec += *ahead_s;
  return failed;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

/* Waits until an instant of the calendar clock end by the kernel's clock, which has not jumped. Small numbers are instants
 * of the monotonic clock. */
static struct timespec by_kernel(const struct timespec* until, clockid_t* clock) {
  struct timespec at = *until;
  *clock = at.tv_sec < 1000000000 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  if (*clock == CLOCK_REALTIME) at.tv_sec -= *ahead_s;
  return at;
}

int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  clockid_t clock;
  const struct timespec at = by_kernel(until, &clock);
  return pthread_cond_clockwait(condition, mutex, clock, &at);
}

int sem_timedwait(sem_t* restrict semaphore, const struct timespec* restrict until) {
  clockid_t clock;
  const struct timespec at = by_kernel(until, &clock);
  return sem_clockwait(semaphore, clock, &at);
}
