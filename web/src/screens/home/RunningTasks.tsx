/** The newest tasks that are calling, each with its progress. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button, Skeleton } from 'antd';
import { useLiveQueries } from '../../api/live';
import { groupOf, subjects, tasksOf } from '../../api/queries';
import type { TaskItem } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { percentDone, ProgressBar, ProgressLegend, TaskTypeTag } from '../../parts/task_parts';
import { Failed, Loading, Nothing } from '../../parts/states';

/** Shown here; the rest is in the monitor. */
const shown = 6;

function RunningTask({ task }: { task: TaskItem }) {
  const t = useText();
  const { open } = useDrawers();
  const group = useQuery(groupOf(task.id));
  useLiveQueries(['progress', 'task'], [subjects.group(task.id)], (event) => event.task_id === task.id);
  return (
    <li>
      <button
        type="button"
        className="running-task"
        title={t('home.running_open', { name: task.task_name })}
        onClick={() => open('calls', { task: task.id })}
      >
        <span className="running-head">
          <span className="running-name">
            {task.task_name}
          </span>
          {group.data && <b>{percentDone(group.data.progress)}%</b>}
          <TaskTypeTag type={task.task_type} />
        </span>
        {group.data ? (
          <>
            <ProgressBar progress={group.data.progress} />
            <ProgressLegend progress={group.data.progress} />
          </>
        ) : (
          <Skeleton active title={false} paragraph={{ rows: 1 }} />
        )}
      </button>
    </li>
  );
}

export function RunningTasks() {
  const t = useText();
  const { open } = useDrawers();
  const tasks = useInfiniteQuery(tasksOf([2], 20));
  const items = tasks.data?.pages[0]?.items.slice(0, shown) ?? [];
  return (
    <section className="panel" aria-labelledby="running-title">
      <div className="panel-head">
        <h2 id="running-title">{t('home.running')}</h2>
        <Button type="link" onClick={() => open('monitor')}>
          {t('home.running_all')}
        </Button>
      </div>
      {tasks.isPending && <Loading height={160} />}
      {tasks.isError && <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />}
      {tasks.isSuccess && items.length === 0 && <Nothing text={t('home.running_none')} height={160} />}
      {items.length > 0 && (
        <ul className="running-tasks">
          {items.map((task) => (
            <RunningTask key={task.id} task={task} />
          ))}
        </ul>
      )}
    </section>
  );
}
