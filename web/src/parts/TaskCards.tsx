/** Tasks as cards, newest first, endless, with what stands in their place until there are any. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useLiveQueries } from '../api/live';
import { subjects, tasksOf } from '../api/queries';
import type { TaskItem, TaskType } from '../api/types';
import { useText } from '../i18n';
import { count } from './format';
import { ListEnd } from './ListEnd';
import { Failed, Loading, Nothing } from './states';
import { TaskTypeTag } from './task_parts';

const pageSize = 50;

/** Tasks of one of `types`, or of all of them when `type` is 0; kept up to date. */
export function useTasks(types: readonly TaskType[], type: TaskType | 0, enabled: boolean) {
  useLiveQueries(['task'], [subjects.tasks]);
  return useInfiniteQuery({ ...tasksOf(type === 0 ? types : [type], pageSize), enabled });
}

interface TaskCardProps {
  task: TaskItem;
  /** Names the button of the task. */
  label: string;
  onOpen: () => void;
  /** What follows name, size and age. */
  children?: ReactNode;
}

export function TaskCard({ task, label, onOpen, children }: TaskCardProps) {
  const t = useText();
  return (
    <li className="task-card" data-task={task.id}>
      <div className="task-card-head">
        <button type="button" className="task-card-name" title={task.task_name} aria-label={label} onClick={onOpen}>
          {task.task_name}
        </button>
        <TaskTypeTag type={task.task_type} />
      </div>
      <p className="hint">
        {t('task.leads', { count: count(task.leads_count) })} · {t('task.created_at', { time: task.create_time })}
      </p>
      {children}
    </li>
  );
}

interface TaskCardsProps {
  tasks: ReturnType<typeof useTasks>;
  /** Said when there is none. */
  none: string;
  /** Said when all `count` are shown. */
  end: (count: number) => string;
  /** A card with its key. */
  card: (task: TaskItem) => ReactNode;
}

export function TaskCards({ tasks, none, end, card }: TaskCardsProps) {
  const items = tasks.data?.pages.flatMap((page) => page.items) ?? [];
  // A task that came meanwhile moves others to the next page: each is shown once.
  const once = [...new Map(items.map((task) => [task.id, task])).values()];
  return (
    <>
      {tasks.isPending && <Loading />}
      {tasks.isError && <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />}
      {tasks.isSuccess && once.length === 0 && <Nothing text={none} />}
      {once.length > 0 && (
        <>
          <ul className="task-cards">{once.map(card)}</ul>
          <ListEnd
            hasMore={tasks.hasNextPage}
            loading={tasks.isFetchingNextPage}
            onMore={() => void tasks.fetchNextPage()}
            end={end(once.length)}
          />
        </>
      )}
    </>
  );
}
