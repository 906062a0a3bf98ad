/** Tasks that are calling, complete or suspended, newest first, with their progress; suspends and resumes them. */
import { PauseCircleOutlined, PlayCircleOutlined, ReloadOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { App, Button, Segmented, Tooltip } from 'antd';
import { useState } from 'react';
import { useLiveQueries } from '../../api/live';
import { groupOf, subjects, tasksOf } from '../../api/queries';
import type { TaskItem, TaskType } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { ListEnd } from '../../parts/ListEnd';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading, Nothing } from '../../parts/states';
import { percentDone, ProgressBar, ProgressLegend, TaskTypeTag } from '../../parts/task_parts';
import { actionFor, useTaskSwitch, type TaskSwitch } from '../../parts/task_switch';
import { WriteButton } from '../../parts/WriteButton';

const watched: readonly TaskType[] = [2, 3, 5];
const pageSize = 50;

function TaskCard({ task, control }: { task: TaskItem; control: TaskSwitch }) {
  const t = useText();
  const { open } = useDrawers();
  const group = useQuery(groupOf(task.id));
  useLiveQueries(['progress', 'task'], [subjects.group(task.id)], (event) => event.task_id === task.id);
  const action = actionFor(task.task_type);
  return (
    <li className="task-card" data-task={task.id}>
      <div className="task-card-head">
        <button
          type="button"
          className="task-card-name"
          title={task.task_name}
          aria-label={t('monitor.open', { name: task.task_name })}
          onClick={() => open('calls', { task: task.id })}
        >
          {task.task_name}
        </button>
        <TaskTypeTag type={task.task_type} />
      </div>
      <p className="hint">
        {t('task.leads', { count: count(task.leads_count) })} · {t('task.created_at', { time: task.create_time })}
      </p>
      {group.data && (
        <>
          <ProgressBar progress={group.data.progress} />
          <div className="task-card-foot">
            <ProgressLegend progress={group.data.progress} />
            <b>{percentDone(group.data.progress)}%</b>
          </div>
        </>
      )}
      {group.isError && <Failed error={group.error} onRetry={() => void group.refetch()} />}
      {action && (
        <WriteButton
          className="task-card-action"
          icon={action === 'suspend' ? <PauseCircleOutlined /> : <PlayCircleOutlined />}
          aria-label={t(`monitor.${action}_of`, { name: task.task_name })}
          loading={control.busy === task.id}
          onClick={() => control.ask({ id: task.id, name: task.task_name }, action)}
        >
          {t(`monitor.${action}`)}
        </WriteButton>
      )}
    </li>
  );
}

export default function MonitorDrawer(props: DrawerProps) {
  const t = useText();
  const { message } = App.useApp();
  const [type, setType] = useState<TaskType | 0>(0);
  const tasks = useInfiniteQuery({ ...tasksOf(type === 0 ? watched : [type], pageSize), enabled: props.open });
  useLiveQueries(['task'], [subjects.tasks]);
  const control = useTaskSwitch(() => {
    void message.info(t('monitor.over'));
    props.onClose();
  });
  const items = tasks.data?.pages.flatMap((page) => page.items) ?? [];
  // A task that came meanwhile moves others to the next page: each is shown once.
  const once = [...new Map(items.map((task) => [task.id, task])).values()];
  return (
    <SideDrawer
      {...props}
      title={t('monitor.title')}
      width={560}
      extra={
        <Tooltip title={t('action.refresh')}>
          <Button
            type="text"
            icon={<ReloadOutlined spin={tasks.isRefetching} />}
            aria-label={t('action.refresh')}
            onClick={() => void tasks.refetch()}
          />
        </Tooltip>
      }
    >
      <Segmented<TaskType | 0>
        block
        aria-label={t('monitor.filter')}
        className="gap-below"
        value={type}
        onChange={setType}
        options={[{ value: 0, label: t('monitor.all') }, ...watched.map((value) => ({ value, label: t(`task.type.${value}`) }))]}
      />
      {tasks.isPending && <Loading />}
      {tasks.isError && <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />}
      {tasks.isSuccess && once.length === 0 && <Nothing text={t('monitor.none')} />}
      {once.length > 0 && (
        <>
          <ul className="task-cards">
            {once.map((task) => (
              <TaskCard key={task.id} task={task} control={control} />
            ))}
          </ul>
          <ListEnd
            hasMore={tasks.hasNextPage}
            loading={tasks.isFetchingNextPage}
            onMore={() => void tasks.fetchNextPage()}
            end={t('monitor.end', { count: once.length })}
          />
        </>
      )}
    </SideDrawer>
  );
}
