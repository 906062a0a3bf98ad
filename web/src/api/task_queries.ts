/** What screens ask about one task and its scripts, each with the key under which the answer is kept. */
import { queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';

export const taskSubjects = {
  task: (taskId: number) => ['task', taskId] as const,
  scenes: ['scenes'] as const,
  run: (runId: string) => ['run', runId] as const,
};

/** Name, type, figures of any task, also one without a job group. */
export function taskOf(taskId: number) {
  return queryOptions({
    queryKey: taskSubjects.task(taskId),
    queryFn: ({ signal }) => answer(api.POST('/api/diagnose-task', { body: { task_id: taskId }, signal })),
  });
}

/** Every script that is online, official ones included. */
export const scenes = queryOptions({
  queryKey: taskSubjects.scenes,
  queryFn: ({ signal }) => answer(api.GET('/api/scenes', { signal })),
});

const runLookMs = 1_000;

/** A run, looked at every second until it is over: runs are in no event. */
export function runOf(runId: string) {
  return queryOptions({
    queryKey: taskSubjects.run(runId),
    queryFn: ({ signal }) => answer(api.GET('/api/get-query-execution-run', { params: { query: { run_id: runId } }, signal })),
    refetchInterval: ({ state }) => (state.error || state.data?.status === 'done' || state.data?.status === 'failed' ? false : runLookMs),
  });
}
