/** The home page: the agent card with tasks by type, today's calls, running tasks, and how the service is. */
import { ArrowRightOutlined, PhoneFilled } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { useLiveQueries } from '../../api/live';
import { subjects, taskCounts } from '../../api/queries';
import { useDrawers } from '../../app/drawers';
import { useText } from '../../i18n';
import { count } from '../../parts/format';
import { Failed } from '../../parts/states';
import { TaskActions } from '../tasks/TaskActions';
import { Health } from './Health';
import { Outcomes } from './Outcomes';
import { RunningTasks } from './RunningTasks';

function AgentCard() {
  const t = useText();
  const { open } = useDrawers();
  const counts = useQuery(taskCounts);
  return (
    <section className="agent-card" aria-labelledby="agent-title">
      <div className="agent-head">
        <span className="agent-icon" aria-hidden>
          <PhoneFilled />
        </span>
        <div>
          <h2 id="agent-title">{t('home.agent')}</h2>
          <p>{t('home.agent_hint')}</p>
        </div>
        <button type="button" className="agent-open" onClick={() => open('monitor')}>
          {t('home.agent_open')} <ArrowRightOutlined aria-hidden />
        </button>
      </div>
      {counts.isError && <Failed error={counts.error} onRetry={() => void counts.refetch()} />}
      {counts.isPending && <Skeleton.Node active className="agent-skeleton" />}
      {counts.data && (
        <dl className="agent-counts">
          {counts.data.map(({ task_type, count: tasks, leads_count }) => (
            <div key={task_type} data-task-type={task_type}>
              <dt>{t(`task.type.${task_type}`)}</dt>
              <dd>
                <b>{count(tasks)}</b>
                <span>{t('task.leads', { count: count(leads_count) })}</span>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

export default function Home() {
  const t = useText();
  useLiveQueries(['task'], [subjects.tasks, subjects.taskCounts, subjects.autoTask, subjects.taskReasons]);
  return (
    <div className="home">
      <h1 className="visually-hidden">{t('home.title')}</h1>
      <AgentCard />
      <TaskActions />
      <div className="home-column">
        <RunningTasks />
        <Health />
      </div>
      <Outcomes />
    </div>
  );
}
