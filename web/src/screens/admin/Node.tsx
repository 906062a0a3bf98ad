/** The node that answers, and what it does for the organisation. */
import { useQuery } from '@tanstack/react-query';
import { Badge } from 'antd';
import { autoTask } from '../../api/queries';
import { useText } from '../../i18n';
import { Facts } from '../../parts/call_parts';
import { Failed, Loading } from '../../parts/states';

export function Node() {
  const t = useText();
  const state = useQuery({ ...autoTask, refetchInterval: 15_000 });
  if (state.isPending) return <Loading />;
  if (state.isError) return <Failed error={state.error} onRetry={() => void state.refetch()} />;
  const { node, running, tasks, jobs, last_sweep, next_sweep } = state.data;
  return (
    <section className="panel" aria-label={t('admin.node_name')}>
      <p className="hint gap-below">{t('admin.node_hint')}</p>
      <Facts
        facts={[
          [t('admin.node_name'), <b data-node key="node">{node}</b>],
          [
            t('admin.node_auto'),
            <Badge key="auto" status={running ? 'success' : 'warning'} text={t(running ? 'admin.node_running' : 'admin.node_stopped')} />,
          ],
          [
            t('admin.node_tasks'),
            t('admin.node_tasks_text', { active: tasks.active, suspended: tasks.suspended, pending: tasks.pending_follow }),
          ],
          [t('admin.node_jobs'), t('admin.node_jobs_text', { live: jobs.live, polling: jobs.polling, waiting: jobs.waiting })],
          [t('admin.node_last'), last_sweep],
          [t('admin.node_next'), next_sweep],
        ]}
      />
    </section>
  );
}
