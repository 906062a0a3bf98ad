/** One task: its figures and where it is, starting it with a scene, and the ways to its calls and follow-ups. */
import { AuditOutlined, PauseCircleOutlined, PhoneOutlined, PlayCircleOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Alert, App, Button } from 'antd';
import { useLiveQueries } from '../../api/live';
import { taskOf, taskSubjects } from '../../api/task_queries';
import type { Diagnosis } from '../../api/types';
import { useDrawers } from '../../app/drawers';
import type { DrawerProps } from '../../app/screens';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { SideDrawer } from '../../parts/SideDrawer';
import { Failed, Loading } from '../../parts/states';
import { TaskTypeTag } from '../../parts/task_parts';
import { actionFor, useTaskSwitch } from '../../parts/task_switch';
import { WriteButton } from '../../parts/WriteButton';
import { taskIdOf } from '../calls/call_view';
import { Reasons } from '../calls/Reasons';
import { RunProgress } from './RunProgress';
import { StartTask } from './StartTask';

const figures = ['total_leads', 'has_job_id', 'has_status', 'has_follow', 'parked'] as const;

function Actions({ task }: { task: Diagnosis }) {
  const t = useText();
  const { open } = useDrawers();
  const { message } = App.useApp();
  const control = useTaskSwitch(() => void message.info(t('monitor.over')));
  const action = actionFor(task.task_type);
  const { task_id: id, task_name: name } = task;
  return (
    <div className="task-actions-row">
      <Button icon={<PhoneOutlined />} onClick={() => open('calls', { task: id })}>
        {t('tasks.calls')}
      </Button>
      <Button icon={<AuditOutlined />} onClick={() => open('follow-ups', { task: id, followed: 1 })}>
        {t('tasks.follow_ups')}
      </Button>
      {action && (
        <WriteButton
          icon={action === 'suspend' ? <PauseCircleOutlined /> : <PlayCircleOutlined />}
          loading={control.busy === id}
          onClick={() => control.ask({ id, name }, action)}
        >
          {t(`tasks.${action}`)}
        </WriteButton>
      )}
    </div>
  );
}

function Content({ task }: { task: Diagnosis }) {
  const t = useText();
  const begun = task.task_type !== 1;
  return (
    <>
      <div className="calls-head">
        <TaskTypeTag type={task.task_type} />
        <span className="hint">{t('tasks.number', { id: task.task_id })}</span>
      </div>
      <section className="calls-overview" aria-label={t('tasks.reasons')}>
        <dl className="figures">
          {figures.map((name) => (
            <div key={name} data-figure={name}>
              <dt>{t(`tasks.figure_${name}`)}</dt>
              <dd>{count(task.stats[name])}</dd>
            </div>
          ))}
        </dl>
        {task.wait_reasons.length > 0 && <Reasons title={t('tasks.reasons')} reasons={task.wait_reasons} />}
      </section>
      {task.last_error && <Alert type="warning" showIcon title={t('tasks.last_error', { text: task.last_error })} className="gap-below" />}
      {begun ? <Actions task={task} /> : <StartTask task={task} />}
      {begun && <RunProgress taskId={task.task_id} />}
    </>
  );
}

export default function TaskDetailDrawer(props: DrawerProps) {
  const t = useText();
  const { search } = useDrawers();
  const id = taskIdOf(search);
  const task = useQuery({ ...taskOf(id), enabled: props.open && id > 0 });
  useLiveQueries(['task', 'progress', 'follow'], [taskSubjects.task(id)], (event) => event.task_id === id);
  return (
    <SideDrawer {...props} title={t('tasks.detail', { name: task.data?.task_name ?? id })} width={620}>
      {task.isPending && <Loading />}
      {task.isError && !task.data && <Failed error={task.error} onRetry={() => void task.refetch()} />}
      {task.data && <Content key={id} task={task.data} />}
    </SideDrawer>
  );
}
