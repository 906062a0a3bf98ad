/** The nodes: what each owns, how long its leases still hold, and what is wrong with it; and the one that answered. */
import { useQuery } from '@tanstack/react-query';
import { Alert, Tag } from 'antd';
import type { ClusterNode } from '../../api/types';
import { useText } from '../../i18n';
import { Facts } from '../../parts/call_parts';
import { count } from '../../parts/format';
import { Failed, Loading } from '../../parts/states';
import { Node } from './Node';
import { clusterNow } from './queries';

const everyMs = 5_000;
const colors: Record<ClusterNode['states'][number], string> = {
  alone: 'default',
  silent: 'error',
  other_protocol: 'warning',
  drained: 'warning',
  leaving: 'warning',
  gone: 'error',
  unknown: 'warning',
};

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function NodeCard({ of }: { of: ClusterNode }) {
  const t = useText();
  const epochs = of.least_epoch === of.greatest_epoch ? count(of.least_epoch) : `${of.least_epoch} – ${of.greatest_epoch}`;
  return (
    <li data-cluster-node={of.node} data-states={of.states.join(' ')}>
      <div className="admin-row-name">
        <b>{of.node}</b>{' '}
        {of.states.length === 0 && <Tag color="success">{t('admin.node_state.up')}</Tag>}
        {of.states.map((state) => (
          <Tag key={state} color={colors[state]}>
            {t(`admin.node_state.${state}`)}
          </Tag>
        ))}
        <Facts
          facts={[
            [t('admin.node_shards'), <span key="shards" data-shards>{count(of.shards)}</span>],
            [t('admin.node_work'), count(of.tasks)],
            [t('admin.node_epochs'), of.shards > 0 ? epochs : ''],
            [t('admin.node_lease'), of.shards > 0 ? seconds(of.lease_left_ms) : ''],
            [t('admin.node_sign'), of.started_at ? seconds(of.last_sign_ms) : ''],
            [t('admin.node_clock'), of.started_at ? seconds(of.clock_off_ms) : ''],
            [t('admin.node_link'), of.link],
            [t('admin.node_version'), of.version],
            [t('admin.node_started'), of.started_at],
          ]}
        />
      </div>
    </li>
  );
}

export function Cluster() {
  const t = useText();
  const cluster = useQuery({ ...clusterNow, refetchInterval: everyMs });
  return (
    <>
      <section className="panel gap-below" aria-label={t('admin.tab.cluster')}>
        <p className="hint">{t('admin.cluster_hint')}</p>
        {cluster.isPending && <Loading />}
        {cluster.isError && <Failed error={cluster.error} onRetry={() => void cluster.refetch()} />}
        {cluster.data && (
          <>
            {cluster.data.unowned_shards > 0 && (
              <Alert
                type="warning"
                showIcon
                title={t('admin.cluster_unowned', { shards: cluster.data.unowned_shards, tasks: cluster.data.unowned_tasks })}
              />
            )}
            <ul className="admin-rows">
              {cluster.data.nodes.map((node) => (
                <NodeCard key={node.node} of={node} />
              ))}
            </ul>
            <p className="hint">{t('calls.updated_at', { time: cluster.data.at })}</p>
          </>
        )}
      </section>
      <Node />
    </>
  );
}
