/**
 * What several screens ask, each with the key under which the answer is kept. A key begins with the subject, so that an
 * event can have all answers about it fetched again.
 */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import { asApiError } from './errors';
import type { ExecutionPage, Interest, OutcomeFilter, TaskType } from './types';

export const subjects = {
  tasks: ['tasks'] as const,
  taskCounts: ['task-counts'] as const,
  group: (taskId: number) => ['group', taskId] as const,
  calls: (taskId: number) => ['calls', taskId] as const,
  call: (rowId: number) => ['call', rowId] as const,
  taskReasons: ['task-reasons'] as const,
  autoTask: ['auto-task'] as const,
  outcomes: ['outcomes'] as const,
};

export const taskCounts = queryOptions({
  queryKey: subjects.taskCounts,
  queryFn: ({ signal }) => answer(api.GET('/api/task-stats', { signal })),
});

/** Tasks of these types, newest first, page after page for endless scrolling. */
export function tasksOf(types: readonly TaskType[], pageSize: number) {
  return infiniteQueryOptions({
    queryKey: [...subjects.tasks, types.join(','), pageSize],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/task_list', {
          params: { query: { page: pageParam, page_size: pageSize, task_types: types.join(',') } },
          signal,
        }),
      ),
    initialPageParam: 1,
    getNextPageParam: ({ pagination }) => (pagination.page < pagination.total_pages ? pagination.page + 1 : undefined),
  });
}

/** Progress of a task that was started. A task without a job group is refused with 4005. */
export function groupOf(taskId: number) {
  return queryOptions({
    queryKey: subjects.group(taskId),
    queryFn: ({ signal }) => answer(api.POST('/api/describe-job-group', { body: { task_id: taskId }, signal })),
  });
}

export function interestOf(taskId: number) {
  return queryOptions({
    queryKey: [...subjects.group(taskId), 'interest'],
    queryFn: ({ signal }) => answer(api.POST('/api/task-statistics', { body: { task_id: taskId }, signal })),
  });
}

export function reasonsOfTask(taskId: number) {
  return queryOptions({
    queryKey: [...subjects.taskReasons, taskId],
    queryFn: ({ signal }) => answer(api.GET('/api/tasks/{id}/why', { params: { path: { id: taskId } }, signal })),
  });
}

export const autoTask = queryOptions({
  queryKey: subjects.autoTask,
  queryFn: ({ signal }) => answer(api.POST('/api/auto-task', { body: { action: 'check' }, signal })),
});

/** What became of the calls of the day that it is in the daemon's time zone. */
export const outcomesToday = queryOptions({
  queryKey: subjects.outcomes,
  queryFn: ({ signal }) => answer(api.GET('/api/outcomes', { signal })),
});

export interface CallFilter {
  page: number;
  pageSize: number;
  onlyFollowed: boolean;
  interest: Interest | null;
  outcome: OutcomeFilter | null;
}

/** A page of a task's calls. Nothing to show (4008) is an empty page, not an error. */
export async function fetchCalls(taskId: number, filter: CallFilter, applyUpdate: boolean, signal?: AbortSignal): Promise<ExecutionPage> {
  try {
    return await answer(
      api.POST('/api/query-task-execution', {
        body: {
          task_id: taskId,
          page: filter.page,
          page_size: filter.pageSize,
          skip_recording: true,
          only_followed: filter.onlyFollowed,
          interest: filter.interest,
          outcome: filter.outcome,
          apply_update: applyUpdate,
        },
        ...(signal ? { signal } : {}),
      }),
    );
  } catch (thrown) {
    const error = asApiError(thrown);
    if (error.code === 4008 && error.data) return error.data as ExecutionPage;
    throw thrown;
  }
}

export function callsOf(taskId: number, filter: CallFilter) {
  return queryOptions({
    queryKey: [...subjects.calls(taskId), filter],
    queryFn: ({ signal }) => fetchCalls(taskId, filter, false, signal),
    placeholderData: keepPreviousData,
  });
}

/** Why the task is where it is, and what it would take: for a failed action's second look. */
export async function typeOfTask(taskId: number): Promise<TaskType> {
  const page = await fetchCalls(taskId, { page: 1, pageSize: 20, onlyFollowed: false, interest: null, outcome: null }, false);
  return page.task_type;
}
