/** Tasks that are calling, complete or suspended, newest first, with their progress; suspends and resumes them. */
import { PauseCircleOutlined, PlayCircleOutlined, ReloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Segmented, Tooltip } from 'antd';
import { useState } from 'react';
import { useLiveQueries } from '../../api/live';
import { groupOf, subjects } from '../../api/queries';
import type { TaskItem, TaskType } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed } from '../../parts/states';
import { TaskCard, TaskCards, useTasks } from '../../parts/TaskCards';
import { percentDone, ProgressBar, ProgressLegend } from '../../parts/task_parts';
import { actionFor, useTaskSwitch, type TaskSwitch } from '../../parts/task_switch';
import { WriteButton } from '../../parts/WriteButton';

const watched: readonly TaskType[] = [2, 3, 5];

function WatchedTask({ task, control }: { task: TaskItem; control: TaskSwitch }) {
  const t = useText();
  const { open } = useDrawers();
  const group = useQuery(groupOf(task.id));
  useLiveQueries(['progress', 'task'], [subjects.group(task.id)], (event) => event.task_id === task.id);
  const action = actionFor(task.task_type);
  return (
    <TaskCard task={task} label={t('monitor.open', { name: task.task_name })} onOpen={() => open('calls', { task: task.id })}>
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
    </TaskCard>
  );
}

export default function MonitorDrawer(props: DrawerProps) {
  const t = useText();
  const { message } = App.useApp();
  const [type, setType] = useState<TaskType | 0>(0);
  const tasks = useTasks(watched, type, props.open);
  const control = useTaskSwitch(() => {
    void message.info(t('monitor.over'));
    props.onClose();
  });
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
      <TaskCards
        tasks={tasks}
        none={t('monitor.none')}
        end={(count) => t('monitor.end', { count })}
        card={(task) => <WatchedTask key={task.id} task={task} control={control} />}
      />
    </SideDrawer>
  );
}
