/** Tasks of one state or of all, newest first, endless; what a click on one does is its place's to say. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { useLiveQueries } from '../../api/live';
import { subjects, tasksOf } from '../../api/queries';
import type { TaskItem, TaskType } from '../../api/types';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { ListEnd } from '../../parts/ListEnd';
import { Failed, Loading, Nothing } from '../../parts/states';
import { TaskTypeTag } from '../../parts/task_parts';

const pageSize = 50;

interface TaskListProps {
  /** States to choose from. */
  types: readonly TaskType[];
  /** 0: all of them. */
  type: TaskType | 0;
  onType: (type: TaskType | 0) => void;
  enabled: boolean;
  /** Names the button of a task. */
  label: (name: string) => string;
  onTask: (task: TaskItem) => void;
}

/** A state from an address; 0 when it is none of these. */
export function typeIn(text: string | null, types: readonly TaskType[]): TaskType | 0 {
  return types.find((type) => String(type) === text) ?? 0;
}

export function TaskList({ types, type, onType, enabled, label, onTask }: TaskListProps) {
  const t = useText();
  const tasks = useInfiniteQuery({ ...tasksOf(type === 0 ? types : [type], pageSize), enabled });
  useLiveQueries(['task'], [subjects.tasks]);
  const items = tasks.data?.pages.flatMap((page) => page.items) ?? [];
  // A task that came meanwhile moves others to the next page: each is shown once.
  const once = [...new Map(items.map((task) => [task.id, task])).values()];
  return (
    <>
      <div className="task-states">
        <Segmented<TaskType | 0>
          aria-label={t('tasks.filter')}
          value={type}
          onChange={onType}
          options={[{ value: 0, label: t('tasks.all') }, ...types.map((value) => ({ value, label: t(`task.type.${value}`) }))]}
        />
      </div>
      {tasks.isPending && <Loading />}
      {tasks.isError && <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />}
      {tasks.isSuccess && once.length === 0 && <Nothing text={t(type === 0 ? 'tasks.none' : 'tasks.none_of_type')} />}
      {once.length > 0 && (
        <>
          <ul className="task-cards">
            {once.map((task) => (
              <li key={task.id} className="task-card" data-task={task.id}>
                <div className="task-card-head">
                  <button
                    type="button"
                    className="task-card-name"
                    title={task.task_name}
                    aria-label={label(task.task_name)}
                    onClick={() => onTask(task)}
                  >
                    {task.task_name}
                  </button>
                  <TaskTypeTag type={task.task_type} />
                </div>
                <p className="hint">
                  {t('task.leads', { count: count(task.leads_count) })} · {t('task.created_at', { time: task.create_time })}
                </p>
              </li>
            ))}
          </ul>
          <ListEnd
            hasMore={tasks.hasNextPage}
            loading={tasks.isFetchingNextPage}
            onMore={() => void tasks.fetchNextPage()}
            end={t('tasks.end', { count: once.length })}
          />
        </>
      )}
    </>
  );
}
